using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>A saved schedule: everything that is needed to run it again, and what happened in it.</summary>
public sealed record Schedule
{
    /// <summary>The version of the tool that wrote it.</summary>
    public required string Tool { get; init; }

    /// <summary>The scenario's name.</summary>
    public required string Scenario { get; init; }

    /// <summary>The name of the host that ran its actors; null for the explorer's own.</summary>
    public string? Host { get; init; }

    /// <summary>The scenario's parameters, all of them, as the command line takes them.</summary>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    /// <summary>The MMU's name; empty for a scenario without one.</summary>
    public required string Mmu { get; init; }

    /// <summary>The memory model.</summary>
    public required string Memory { get; init; }

    /// <summary>The operation that is left out of it; null for none.</summary>
    public Mutation? Mutation { get; init; }

    /// <summary>The strategy that found it.</summary>
    public required string Strategy { get; init; }

    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Its number under that seed, from 0.</summary>
    public required long Index { get; init; }

    /// <summary>What it violates.</summary>
    public required Violation Violation { get; init; }

    /// <summary>How many steps it has.</summary>
    public required int Steps { get; init; }

    /// <summary>How many preemptions it has.</summary>
    public required int Preemptions { get; init; }

    /// <summary>How many steps it had before it was shrunk; equal to <see cref="Steps"/> where it was not.</summary>
    public required int StepsBeforeShrinking { get; init; }

    /// <summary>The actors' names, by number.</summary>
    public required IReadOnlyList<string> Actors { get; init; }

    /// <summary>The actors that never start, one bit each.</summary>
    public required ulong DisabledActors { get; init; }

    /// <summary>The decisions: an actor's number, or 256 and a choice of the environment.</summary>
    public required IReadOnlyList<ushort> Decisions { get; init; }

    /// <summary>What happened at each decision: "vcpu0 ReadOnce mmu_invalidate_seq => 0  at Mmu/Fault.cs:88".</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>What each decision's actor did, without the value and the place.</summary>
    public IReadOnlyList<string> Expected => Events.Select(WithoutValue).ToList();

    /// <summary>The schedule as a finding, for replaying and shrinking it.</summary>
    /// <returns>The finding.</returns>
    public Finding ToFinding() => new(Violation, Index, Decisions, Steps, Preemptions, DisabledActors);

    /// <summary>One line for each decision of a recording.</summary>
    /// <param name="recording">The recording.</param>
    /// <returns>The lines.</returns>
    public static IReadOnlyList<string> EventsOf(Recording recording)
    {
        var lines = new List<string>();
        using IEnumerator<TraceEvent> steps = recording.Events.Where(e => e.Operation is not null).GetEnumerator();
        foreach (ushort decision in recording.Decisions)
        {
            if (decision >= 256)
            {
                lines.Add($"choice {decision - 256}");
            }
            else if (steps.MoveNext())
            {
                TraceEvent e = steps.Current;
                string place = e.Line == 0 ? "" : $"  at {e.File.TrimStart('/')}:{e.Line}";
                lines.Add($"{recording.Actors[e.Cpu]} {e.Operation} => {e.Value}{e.Old}{place}");
            }
        }

        return lines;
    }

    private static string WithoutValue(string line)
    {
        int end = line.IndexOf(" => ", StringComparison.Ordinal);
        return end < 0 ? "" : line[..end];
    }
}
