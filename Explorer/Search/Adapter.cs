using System.Threading;

namespace MmuStress.Explorer;

/// <summary>Looks for a violation again near a schedule that no longer fits, because the code has changed since it was saved.</summary>
/// <remarks>
/// The old schedule is read as turns that end where their CPU reaches a certain operation, not after a number of steps: an operation
/// that is still there is still where the switch happens. Around that, turns are lengthened and shortened at random, more and more.
/// Every other attempt leaves out the CPUs that the old schedule left out; they may have changed as well.
/// </remarks>
/// <param name="program">The program as it is now.</param>
/// <param name="options">The options of the old schedule.</param>
public sealed class Adapter(IProgram program, ExplorationOptions options)
{
    /// <summary>Looks.</summary>
    /// <param name="decisions">The old schedule's decisions.</param>
    /// <param name="expected">What each of them did: "vcpu0 ReadOnce mmu_invalidate_seq".</param>
    /// <param name="invariant">The property it violated.</param>
    /// <param name="attempts">How many runs it may make, at least 1.</param>
    /// <param name="disabledCpus">CPUs that never started in the old schedule, one bit each.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>A schedule that violates the property now; null where none was found.</returns>
    public Finding? Search(
        IReadOnlyList<ushort> decisions,
        IReadOnlyList<string> expected,
        string invariant,
        long attempts,
        ulong disabledCpus = 0,
        CancellationToken cancellation = default)
    {
        ExploredMachine machine = options.NewMachine();
        var strategy = new NearSchedule(decisions, expected, options.Seed);
        for (long index = 0; index < attempts && !cancellation.IsCancellationRequested; index++)
        {
            strategy.Begin(index);
            ulong disabled = index % 2 == 0 ? disabledCpus : 0;
            machine.Run(program, strategy, disabled);
            if (machine.Violation is { } violation && string.Equals(violation.Invariant, invariant, StringComparison.Ordinal))
            {
                return Finding.Of(machine, index, disabled);
            }
        }

        return null;
    }
}
