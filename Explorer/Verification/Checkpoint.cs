namespace MmuStress.Explorer;

/// <summary>An exhaustive search that was stopped: what it has counted, and what is left to do.</summary>
public sealed class Checkpoint
{
    internal Checkpoint(VerificationProgress done, bool usesSymmetry, IReadOnlyList<SearchTask> tasks)
    {
        Done = done;
        UsesSymmetry = usesSymmetry;
        Tasks = tasks;
    }

    /// <summary>How far it has come.</summary>
    public VerificationProgress Done { get; }

    /// <summary>Whether executions that differ only in interchangeable CPUs count once.</summary>
    public bool UsesSymmetry { get; }

    internal IReadOnlyList<SearchTask> Tasks { get; }
}
