using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>What a memory model says about a litmus test.</summary>
public sealed record LitmusResult
{
    /// <summary>In how many executions the condition holds; null where the search was not finished.</summary>
    public required Verdict? Verdict { get; init; }

    /// <summary>Whether no execution is allowed at all: every one deadlocks, or contradicts itself.</summary>
    public required bool IsDeadlock { get; init; }

    /// <summary>The final states.</summary>
    public required IReadOnlyList<FinalState> States { get; init; }

    /// <summary>Whether <see cref="States"/> are all there are.</summary>
    public required bool AreAllStates { get; init; }

    /// <summary>What the Linux-kernel memory model warns about.</summary>
    public required LkmmFlags Flags { get; init; }

    /// <summary>How often the memory model was asked whether it allows an execution or the beginning of one.</summary>
    public required long Checks { get; init; }

    /// <summary>What is odd about the test, a line each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Why there is no verdict; empty where there is one.</summary>
    public string Undecided { get; init; } = "";

    /// <summary>Whether there is a data race.</summary>
    public bool HasDataRace => Flags.HasFlag(LkmmFlags.DataRace);

    /// <summary>The verdict as files write it: "Never", "Sometimes DATARACE", "DEADLOCK".</summary>
    public string Summary => IsDeadlock ? "DEADLOCK" : Verdict is null ? "undecided" : Verdict + (HasDataRace ? " DATARACE" : "");

    /// <summary>Whether it is what a file expects.</summary>
    /// <param name="expected">What the file says.</param>
    /// <returns>Whether it is.</returns>
    /// <remarks>
    /// Mirrors: tools/memory-model/scripts/judgelitmus.sh. Where both say that there is a data race, whatever else the file
    /// says is forgiven (<see cref="IsForgiven"/>): the model promises nothing to a program with one.
    /// Where there is no execution at all, both DEADLOCK and Never are right.
    /// </remarks>
    public bool Agrees(ExpectedResult expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return expected.Verdict is null
            ? IsDeadlock
            : HasDataRace == expected.HasDataRace && (Verdict == expected.Verdict || HasDataRace);
    }

    /// <summary>Whether it is what a file expects only because there is a data race.</summary>
    /// <param name="expected">What the file says.</param>
    /// <returns>Whether it is.</returns>
    public bool IsForgiven(ExpectedResult expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return Agrees(expected) && expected.Verdict is not null && Verdict != expected.Verdict;
    }
}
