using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks KVM to write to guest memory through the cache.</summary>
/// <param name="Gfn">Which page.</param>
/// <param name="Value">What is written.</param>
/// <param name="Tries">How often to refresh before giving up.</param>
public sealed record WritesThroughGpc(Gfn Gfn, ulong Value, int Tries = 2) : Message;
