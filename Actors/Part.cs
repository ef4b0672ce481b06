namespace MmuStress.Actors;

/// <summary>An actor and what it is asked to do.</summary>
/// <param name="Actor">The actor.</param>
/// <param name="Script">The messages, in order.</param>
public readonly record struct Part(Actor Actor, Message[] Script);
