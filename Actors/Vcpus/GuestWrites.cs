using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks a vCPU for a guest write.</summary>
/// <param name="Gfn">Which page.</param>
/// <param name="Value">What is written.</param>
public sealed record GuestWrites(Gfn Gfn, ulong Value) : Message;
