namespace MmuStress.Explorer;

/// <summary>A step, or a choice of the environment, in the beginning of a part of an exhaustive search.</summary>
internal sealed record TaskNode
{
    /// <summary>The CPU that goes first in the next execution, or the value of the choice.</summary>
    public int Chosen { get; init; }

    /// <summary>How many values a choice has; 0 for a step.</summary>
    public int Alternatives { get; init; }

    /// <summary>The step that a choice belongs to.</summary>
    public int Step { get; init; }

    /// <summary>Who could go on, one bit each.</summary>
    public ulong Enabled { get; init; }

    /// <summary>Who has to go first in some execution.</summary>
    public ulong Backtrack { get; init; }

    /// <summary>Who has gone first.</summary>
    public ulong Done { get; init; }

    /// <summary>Whose executions are explored elsewhere.</summary>
    public ulong Sleep { get; init; }

    /// <summary>Whether the accesses of the present step under earlier values of its choices are known.</summary>
    public bool HasKept { get; init; }

    /// <summary>Where several workers take alternatives; null where one does.</summary>
    public SharedNode? Shared { get; init; }

    /// <summary>What the next steps access, by CPU; null at choices and at shared nodes.</summary>
    public IReadOnlyDictionary<int, Access[]>? Sleepers { get; init; }

    /// <summary>For each CPU the lowest in the same position; null where symmetry does not count.</summary>
    public int[]? Representatives { get; init; }

    /// <summary>Whether it is a choice.</summary>
    public bool IsChoice => Alternatives > 0;
}
