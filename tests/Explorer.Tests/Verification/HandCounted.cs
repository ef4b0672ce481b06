using System.Globalization;
using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Programs small enough to count their executions by hand.</summary>
internal static class HandCounted
{
    public static readonly BlockKind ObjectKind = new("object", "NoUseAfterFree");

    /// <summary>CPUs over a block of words that starts with the given values.</summary>
    public static TestProgram On(ulong[] initial, params Func<Cpu, Block, Coroutine>[] bodies) => new(machine =>
    {
        Block words = machine.Memory.Allocate("words", initial.Length, BlockKind.Static);
        for (int i = 0; i < initial.Length; i++)
        {
            words[i].Initialise(initial[i]);
        }

        Spawn(machine, bodies.Select(body => (Func<Cpu, Coroutine>)(cpu => body(cpu, words))));
    });

    /// <summary>CPUs over a lock.</summary>
    public static TestProgram Under<T>(Func<Multiprocessor, T> newLock, params Func<Cpu, T, Coroutine>[] bodies) => new(machine =>
    {
        T shared = newLock(machine);
        Spawn(machine, bodies.Select(body => (Func<Cpu, Coroutine>)(cpu => body(cpu, shared))));
    });

    /// <summary>Asserts that everything holds, in exactly so many executions, whatever the number of workers.</summary>
    public static void Count(long executions, IProgram program)
    {
        foreach (int workers in new[] { 1, 3 })
        {
            VerificationResult result = Verify(program, workers);
            Assert.Null(result.Finding?.Violation);
            Assert.True(result.IsComplete);
            Assert.Equal(executions, result.Executions);
        }
    }

    /// <summary>Asserts that a violation of <paramref name="invariant"/> is found and replays on an ordinary machine.</summary>
    public static Finding Violates(string invariant, IProgram program)
    {
        VerificationResult result = Verify(program, 1);
        Assert.NotNull(result.Finding);
        Assert.False(result.IsComplete);
        Assert.Equal(invariant, result.Finding.Violation.Invariant);
        Recording replayed = Recorder.Record(program, result.Finding, new ExplorationOptions { Limits = Searches.Limits });
        Assert.Equal(result.Finding.Violation, replayed.Violation);
        return result.Finding;
    }

    // A program with locks and mailboxes belongs to one machine, but what a test's delegate makes it makes anew for each.
    private static VerificationResult Verify(IProgram program, int workers) =>
        new Verification(() => program, new VerificationOptions { Limits = Searches.Limits, Workers = workers }).Run();

    private static void Spawn(ExploredMachine machine, IEnumerable<Func<Cpu, Coroutine>> bodies)
    {
        foreach ((int id, Func<Cpu, Coroutine> body) in bodies.Index())
        {
            machine.Spawn(string.Create(CultureInfo.InvariantCulture, $"cpu{id}"), body);
        }
    }
}
