using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>What a trace holds, and whether the protocol allows it.</summary>
public sealed record TraceSummary
{
    /// <summary>How many lines the file has.</summary>
    public required long Lines { get; init; }

    /// <summary>Of those, events.</summary>
    public required long Events { get; init; }

    /// <summary>Of those, of an unknown name.</summary>
    public required long Unknown { get; init; }

    /// <summary>The unknown names, and how often each came.</summary>
    public required IReadOnlyDictionary<string, long> UnknownNames { get; init; }

    /// <summary>How many events were lost; a gap of unknown size counts as one.</summary>
    public required long Lost { get; init; }

    /// <summary>In how many places.</summary>
    public required long Gaps { get; init; }

    /// <summary>Whether times are event numbers: the clock "counter", or another without a unit.</summary>
    public required bool IsCounted { get; init; }

    /// <summary>Whether there are probes that show the protocol.</summary>
    public required bool HasProbes { get; init; }

    /// <summary>How many VMs there are.</summary>
    public required int VmCount { get; init; }

    /// <summary>The VMs, at most the first 64.</summary>
    public required IReadOnlyList<VmSummary> Vms { get; init; }

    /// <summary>How many vCPUs ran, of all VMs.</summary>
    public required int Vcpus { get; init; }

    /// <summary>What was counted, in all VMs.</summary>
    public required TraceCounts Total { get; init; }

    /// <summary>Whether the protocol allows it.</summary>
    public required TraceVerdict Verdict { get; init; }

    /// <summary>The first line that it does not allow; null where there is none.</summary>
    public required Unexplained? First { get; init; }

    /// <summary>How many such lines there are.</summary>
    public required long UnexplainedCount { get; init; }

    /// <summary>The first line about which nothing could be said, and why; null where there is none.</summary>
    public required Unexplained? FirstUndecided { get; init; }

    /// <summary>How many episodes needed another order of the unseen steps than the file suggests.</summary>
    public required long EpisodesSearched { get; init; }

    /// <summary>The closest races, closest first, each to be drawn with <see cref="RaceDiagram"/>.</summary>
    public required IReadOnlyList<TraceRace> Races { get; init; }

    /// <summary>Whether the reading was interrupted.</summary>
    public required bool IsInterrupted { get; init; }
}
