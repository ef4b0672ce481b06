using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks for the cache to be set up.</summary>
/// <param name="Gfn">The page it is for.</param>
public sealed record ActivatesGpc(Gfn Gfn) : Message;
