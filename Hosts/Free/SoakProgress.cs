using MmuStress.Machine;

namespace MmuStress.Hosts;

/// <summary>How far a soak has come.</summary>
/// <param name="Elapsed">For how long it has run.</param>
/// <param name="Messages">How many messages the actors have handled.</param>
/// <param name="Accesses">How many marked accesses they have performed.</param>
/// <param name="Counters">What the scenario counts, by name.</param>
/// <param name="Violation">What was violated; null while everything holds.</param>
/// <param name="Violator">Who violated it; empty for nobody in particular.</param>
public sealed record SoakProgress(
    TimeSpan Elapsed,
    long Messages,
    long Accesses,
    IReadOnlyList<KeyValuePair<string, long>> Counters,
    Violation? Violation,
    string Violator)
{
    /// <summary>How many messages found nobody to handle them; null where the host has none such.</summary>
    public long? DeadLetters { get; init; }

    /// <summary>How it went on several machines; null where there is only one.</summary>
    public SoakCluster? Cluster { get; init; }
}
