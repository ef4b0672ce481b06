using MmuStress.Machine;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>The properties that are looked at, by name.</summary>
internal static class InvariantList
{
    private static readonly NamedSummary[] Known =
    [
        new("NoStaleMapping", "no mapping outlives the host's page behind it"),
        new(MachineInvariants.NoDataRace, "conflicting accesses, one of them plain, are ordered by happens-before"),
        new(MachineInvariants.NoDeadlock, "no CPU waits for ever for another"),
        new(MachineInvariants.NoLivelock, "every run ends under a fair schedule"),
        new(MachineInvariants.NoUseAfterFree, "freed memory is not used and not freed again"),
        new(MachineInvariants.LockDiscipline, "locks are held where asserted, taken in one order, never slept under or leaked"),
        new(MachineInvariants.NoException, "no actor ends with an exception"),
        new(MachineInvariants.CacheUnderrun, "a per-vCPU cache of pages holds enough when it is used under mmu_lock"),
    ];

    /// <summary>The properties that there are: those of the scenarios first, then those that hold everywhere.</summary>
    /// <param name="scenarios">The scenarios.</param>
    /// <returns>Name and summary.</returns>
    public static IReadOnlyList<NamedSummary> Of(IReadOnlyList<Scenario> scenarios) => scenarios
        .SelectMany(s => s.Expectations)
        .SelectMany(e => e.Invariants)
        .Concat(Known.Select(k => k.Name))
        .Distinct(StringComparer.Ordinal)
        .Select(name => Array.Find(Known, k => string.Equals(k.Name, name, StringComparison.Ordinal)) ?? new NamedSummary(name, ""))
        .ToList();
}
