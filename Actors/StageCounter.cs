namespace MmuStress.Actors;

/// <summary>Something that a soak counts.</summary>
/// <param name="Name">Its name in reports: "faults".</param>
/// <param name="Read">Reads it; may be called at any time.</param>
public sealed record StageCounter(string Name, Func<long> Read);
