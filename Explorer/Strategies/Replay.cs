using System.Globalization;

namespace MmuStress.Explorer;

/// <summary>A given schedule, decision by decision; where the program does something else, it says so.</summary>
/// <param name="decisions">The decisions, as <see cref="ExploredMachine.Decisions"/> had them.</param>
/// <param name="expected">What each decision's CPU then did ("vcpu0 ReadOnce mmu_invalidate_seq"); null to compare nothing.</param>
public sealed class Replay(IReadOnlyList<ushort> decisions, IReadOnlyList<string>? expected = null) : IStrategy
{
    private int next;

    /// <inheritdoc/>
    public bool IsReplay => true;

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        next = 0;
        return index == 0;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        if (next >= decisions.Count)
        {
            throw new ScheduleMismatchException(next + 1, "the end of the schedule", Describe(machine, System.Numerics.BitOperations.TrailingZeroCount(enabled)));
        }

        ushort decision = decisions[next];
        string wanted = expected is null || next >= expected.Count ? "" : expected[next];
        if (decision >= 256)
        {
            throw new ScheduleMismatchException(next + 1, "a choice of the environment", Describe(machine, System.Numerics.BitOperations.TrailingZeroCount(enabled)));
        }

        if (decision >= machine.CpuCount || (enabled >> decision & 1) == 0)
        {
            string found = decision >= machine.CpuCount
                ? string.Create(CultureInfo.InvariantCulture, $"only {machine.CpuCount} actors")
                : $"{machine.CpuAt(decision).Name}, which cannot run there ({machine.Pending(decision)})";
            throw new ScheduleMismatchException(next + 1, wanted.Length == 0 ? string.Create(CultureInfo.InvariantCulture, $"actor {decision}") : wanted, found);
        }

        if (wanted.Length != 0 && Describe(machine, decision) is { } does && !string.Equals(does, wanted, StringComparison.Ordinal))
        {
            throw new ScheduleMismatchException(next + 1, wanted, does);
        }

        next++;
        return decision;
    }

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives)
    {
        if (next >= decisions.Count || decisions[next] < 256 || decisions[next] - 256 >= alternatives)
        {
            string wanted = next < decisions.Count && decisions[next] >= 256
                ? string.Create(CultureInfo.InvariantCulture, $"choice {decisions[next] - 256}")
                : "a step";
            throw new ScheduleMismatchException(next + 1, wanted, string.Create(CultureInfo.InvariantCulture, $"a choice among {alternatives}"));
        }

        return decisions[next++] - 256;
    }

    /// <summary>What a schedule file calls the step that the CPU with number <paramref name="cpu"/> is about to perform.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="cpu">The CPU's number.</param>
    /// <returns>"vcpu0 ReadOnce mmu_invalidate_seq".</returns>
    public static string Describe(ExploredMachine machine, int cpu) => $"{machine.CpuAt(cpu).Name} {machine.Pending(cpu)}";
}
