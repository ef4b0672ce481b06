namespace MmuStress.Actors;

/// <summary>Asks for what is in the dirty rings to be taken out, and no more; for one thread only.</summary>
/// <param name="Waits">Whether to wait until something is in the first ring.</param>
public sealed record CollectsDirtyRings(bool Waits = false) : Message;
