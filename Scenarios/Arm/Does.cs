using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>Asks an actor to do what it does.</summary>
internal sealed record Does : Message
{
    /// <summary>Once.</summary>
    public static readonly Message[] Once = [new Does()];

    /// <summary>Twice, with anything in between.</summary>
    public static readonly Message[] Twice = [new Does(), new Does()];
}
