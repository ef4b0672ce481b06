using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks once for frames to become private or shared; where somebody holds one of their pages they stay what they are.</summary>
/// <param name="Gfns">The frames.</param>
/// <param name="IsPrivate">What they become.</param>
public sealed record ConvertsMemory(GfnRange Gfns, bool IsPrivate) : Message;
