namespace MmuStress.Traces;

/// <summary>What happened in one VM.</summary>
/// <param name="Number">From 1, in order of appearance.</param>
/// <param name="Owner">A thread of it: "main-699".</param>
/// <param name="Vcpus">How many vCPUs ran.</param>
/// <param name="FirstLine">Where it begins.</param>
/// <param name="Memslots">Those that exist at the end, by the markers; empty without markers.</param>
/// <param name="Counts">What was counted.</param>
public sealed record VmSummary(int Number, string Owner, int Vcpus, long FirstLine, IReadOnlyList<string> Memslots, TraceCounts Counts);
