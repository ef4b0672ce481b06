namespace MmuStress.Traces;

/// <summary>When an invalidation begins, and what ends before that, in the order of an episode that is preferred.</summary>
/// <param name="Begin">When it begins where it zaps nothing that is seen; what it zaps says when it begins otherwise.</param>
/// <param name="Inverts">Whether others end before it exactly where foresight would have them go on.</param>
internal readonly record struct InvalidationChoice(BeginTime Begin, bool Inverts);
