using System.Numerics;

namespace MmuStress.Explorer;

/// <summary>Who may run next, so that a CPU that yields again and again does not keep out those it may be waiting for.</summary>
/// <remarks>
/// Source: Musuvathi and Qadeer, "Fair stateless model checking" (PLDI 2008), algorithm 1. A CPU that yields ranks below those that have
/// not run since it last yielded although they could all the time, or could until it kept them from it; and it is not offered while one
/// of them can run. A CPU's rank rises as the others run. The relation has no cycles, so somebody is offered wherever somebody can run.
/// Before its first yield a CPU ranks below nobody: a loop that yields goes round twice before it gives way.
/// </remarks>
public sealed class FairSchedule
{
    private readonly ulong[] below = new ulong[ExploredMachine.MaxCpus]; // P: below[t] has u where (t, u) is in it
    private readonly ulong[] enabledSince = new ulong[ExploredMachine.MaxCpus]; // E(t): who could run at every step since t yielded
    private readonly ulong[] disabledBy = new ulong[ExploredMachine.MaxCpus]; // D(t): whom a step of t stopped since then
    private readonly ulong[] ranSince = new ulong[ExploredMachine.MaxCpus]; // S(t): who has run since then
    private ulong yielded; // who has yielded; the sets of the others do not matter yet
    private ulong enabledBefore;
    private int last;
    private int stepsBefore;

    /// <summary>Begins a run.</summary>
    public void Begin()
    {
        yielded = 0;
        last = -1;
    }

    /// <summary>Who may run next. To be asked before every step of a run; where it was not, it begins again.</summary>
    /// <param name="steps">How many steps the run has had.</param>
    /// <param name="enabled">Who can go on, a bit for each CPU; at least one.</param>
    /// <param name="yields">Whether the last step was a yield.</param>
    /// <returns>Some of <paramref name="enabled"/>, at least one.</returns>
    public ulong Allowed(int steps, ulong enabled, bool yields)
    {
        if (last >= 0 && steps == stepsBefore + 1)
        {
            Account(enabled, yields);
        }
        else
        {
            yielded = 0;
        }

        enabledBefore = enabled;
        stepsBefore = steps;
        ulong allowed = enabled;
        for (ulong left = yielded & enabled; left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            if ((below[cpu] & enabled) != 0)
            {
                allowed &= ~(1UL << cpu);
            }
        }

        return allowed;
    }

    /// <summary>Notes who runs next.</summary>
    /// <param name="cpu">One of those that were allowed, unless a plan asks for somebody else.</param>
    /// <returns><paramref name="cpu"/>.</returns>
    public int Take(int cpu) => last = cpu;

    private void Account(ulong enabled, bool yields)
    {
        ulong bit = 1UL << last;
        for (ulong left = yielded; left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            below[cpu] &= ~bit;
            enabledSince[cpu] &= enabled;
            ranSince[cpu] |= bit;
        }

        disabledBy[last] |= enabledBefore & ~enabled;
        if (!yields)
        {
            return;
        }

        below[last] = (yielded & bit) == 0 ? 0 : below[last] | ((enabledSince[last] | disabledBy[last]) & ~ranSince[last]);
        yielded |= bit;
        enabledSince[last] = enabled;
        disabledBy[last] = 0;
        ranSince[last] = 0;
    }
}
