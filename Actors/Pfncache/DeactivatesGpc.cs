namespace MmuStress.Actors;

/// <summary>Asks for the cache to be torn down.</summary>
public sealed record DeactivatesGpc : Message;
