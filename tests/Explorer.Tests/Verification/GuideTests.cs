using System.Numerics;
using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class GuideTests
{
    private const int Writers = 4;

    [Fact]
    public void Guide_WhomeverItPrefers_ExploresTheSameExecutions()
    {
        // All orders of writes to one word: 4!
        VerificationResult plain = new Verification(() => new TestProgram(m => Spawn(m, -1)), new VerificationOptions()).Run();
        VerificationResult guided = new Verification(() => new Guided(-1), new VerificationOptions()).Run();
        Assert.Equal((24, true), (plain.Executions, plain.IsComplete));
        Assert.Equal((24, true), (guided.Executions, guided.IsComplete));
    }

    [Fact]
    public void Guide_PrefersTheLast_WhoGoesFirstAtOnce()
    {
        // Wrong where the last CPU writes first: the very first execution with the guide, a later one without.
        VerificationResult plain = new Verification(() => new TestProgram(m => Spawn(m, Writers - 1)), new VerificationOptions()).Run();
        VerificationResult guided = new Verification(() => new Guided(Writers - 1), new VerificationOptions()).Run();
        Assert.Equal(1, guided.Executions);
        Assert.NotNull(guided.Finding);
        Assert.NotNull(plain.Finding);
        Assert.True(plain.Executions > 1);
    }

    private static void Spawn(ExploredMachine machine, int wrong)
    {
        Word word = machine.Memory.Allocate("kvm", "word")[0];
        for (int i = 0; i < Writers; i++)
        {
            int number = i;
            machine.Spawn($"cpu{i}", cpu => Write(cpu, word, number, wrong));
        }
    }

    private static async Coroutine Write(Cpu cpu, Word word, int number, int wrong)
    {
        ulong before = await cpu.AddReturn(word, 1);
        if (before == 1 && number == wrong)
        {
            cpu.Fail("First", "it went first");
        }
    }

    private sealed class Guided(int wrong) : IProgram, IGuide
    {
        public void Start(ExploredMachine machine) => Spawn(machine, wrong);

        public int Prefer(ExploredMachine machine, ulong candidates, int current) => BitOperations.Log2(candidates);
    }
}
