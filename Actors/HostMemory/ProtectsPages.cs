using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks the host to change what is allowed: mprotect().</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many.</param>
/// <param name="Flags">What is allowed then; see <see cref="HostMm.Mprotect"/>.</param>
public sealed record ProtectsPages(ulong First, ulong Count, VmaFlags Flags) : Message;
