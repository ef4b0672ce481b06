using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>A program in one delegate.</summary>
internal sealed class TestProgram(Action<ExploredMachine> start) : IProgram
{
    public void Start(ExploredMachine machine) => start(machine);
}

/// <summary>The classes of the tests' locks; a process can have 64.</summary>
internal static class LockClasses
{
    public static readonly LockClass MmuLock = new("mmu_lock", maySleep: false);
    public static readonly LockClass SlotsLock = new("slots_lock", maySleep: true);
    public static readonly LockClass IrqLock = new("irq_lock", maySleep: true);
    public static readonly LockClass MmapLock = new("mmap_lock", maySleep: true);
}

internal static class Run
{
    /// <summary>Runs every schedule with at most <paramref name="bound"/> preemptions once, each bound only with what it adds and what it repeats.</summary>
    public static ExplorationResult All(IProgram program, int bound = 20, bool keepGoing = false) =>
        Explore(program, new ExplorationOptions { Strategy = "preemption-bounded", Depth = bound, Iterations = 1_000_000, KeepGoing = keepGoing });

    public static ExplorationResult Explore(IProgram program, ExplorationOptions options) => new Exploration(() => program, options).Run();

    /// <summary>The first schedule, found by trying all of them, that violates <paramref name="invariant"/>.</summary>
    public static Finding Violates(IProgram program, string invariant)
    {
        Finding finding = Assert.Single(All(program).Findings);
        Assert.Equal(invariant, finding.Violation.Invariant);
        return finding;
    }

    /// <summary>Asserts that no schedule violates anything, and that all were tried.</summary>
    public static void Holds(IProgram program, int bound = 20)
    {
        ExplorationResult result = All(program, bound);
        Assert.Empty(result.Findings.Select(f => f.Violation));
        Assert.True(result.IsComplete);
    }

    /// <summary>Runs the CPUs one after the other, from the first.</summary>
    public static ExploredMachine InTurn(IProgram program)
    {
        var machine = new ExploredMachine();
        var guided = new Guided();
        guided.Begin(0);
        machine.Run(program, guided);
        return machine;
    }
}
