namespace MmuStress.Actors;

/// <summary>Asks for what is in the dirty rings to be taken out and reset.</summary>
public sealed record ReapsDirtyRings : Message;
