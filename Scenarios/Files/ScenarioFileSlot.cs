using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot in a scenario file.</summary>
/// <param name="Slot">Its number.</param>
/// <param name="Gfn">Its first guest frame.</param>
/// <param name="Pages">How many pages it has, at least 1.</param>
/// <param name="Page">The number of its first host page.</param>
/// <param name="Flags">What it is for.</param>
public readonly record struct ScenarioFileSlot(int Slot, ulong Gfn, ulong Pages, ulong Page, MemslotFlags Flags = MemslotFlags.None);
