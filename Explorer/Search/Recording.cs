using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Everything that happened in one run.</summary>
/// <param name="Actors">The CPUs' names, by number.</param>
/// <param name="Events">What happened, in order.</param>
/// <param name="Violation">What was violated; null where everything held.</param>
/// <param name="Violator">Who violated it; -1 for nobody in particular.</param>
/// <param name="Decisions">The decisions.</param>
/// <param name="Steps">How many steps there were.</param>
/// <param name="Preemptions">How many preemptions there were.</param>
public sealed record Recording(
    IReadOnlyList<string> Actors,
    IReadOnlyList<TraceEvent> Events,
    Violation? Violation,
    int Violator,
    IReadOnlyList<ushort> Decisions,
    int Steps,
    int Preemptions);
