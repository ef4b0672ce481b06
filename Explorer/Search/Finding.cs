using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>A schedule that violates a property.</summary>
/// <param name="Violation">What it violates.</param>
/// <param name="Index">The schedule's number, from 0.</param>
/// <param name="Decisions">Its decisions, as <see cref="ExploredMachine.Decisions"/> had them.</param>
/// <param name="Steps">How many steps it has up to the violation.</param>
/// <param name="Preemptions">How many preemptions it has.</param>
/// <param name="DisabledCpus">CPUs that never start in it, one bit each.</param>
public sealed record Finding(Violation Violation, long Index, IReadOnlyList<ushort> Decisions, int Steps, int Preemptions, ulong DisabledCpus = 0)
{
    /// <summary>The choices of the environment in it, in order.</summary>
    public IReadOnlyList<int> Choices => Decisions.Where(d => d >= 256).Select(d => d - 256).ToList();

    internal static Finding Of(ExploredMachine machine, long index, ulong disabledCpus = 0) =>
        new(machine.Violation!, index, machine.Decisions.ToArray(), machine.Steps, machine.Preemptions, disabledCpus);
}
