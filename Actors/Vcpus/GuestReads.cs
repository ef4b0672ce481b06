using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks a vCPU for a guest read.</summary>
/// <param name="Gfn">Which page.</param>
public sealed record GuestReads(Gfn Gfn) : Message;
