using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Runs alone: the heap belongs to all tests.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>What a schedule costs: nothing that grows with the number of schedules.</summary>
[Collection(nameof(Alone))]
public sealed class FootprintTests
{
    [Fact]
    public void Schedules_OfASmallProgram_AllocateLittle()
    {
        TestProgram program = Programs.CheckThenUse(isMended: true, hasBystander: true);
        var machine = new ExploredMachine();
        var walk = new RandomWalk(1);
        RunMany(machine, program, walk, 2_000);

        long before = GC.GetAllocatedBytesForCurrentThread();
        RunMany(machine, program, walk, 2_000);
        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / 2_000;

        Assert.InRange(each, 0, 1_000);
    }

    [Fact]
    public void LongRun_OfAProgramWithPagesAndMessages_DoesNotGrowTheHeap()
    {
        var kind = new BlockKind("page", "NoUseAfterFree");
        var program = new TestProgram(machine =>
        {
            var mailbox = new Mailbox<int>(machine, "manager");
            var srcu = new Srcu(machine);
            machine.Spawn("manager", cpu => Receive(cpu, mailbox));
            machine.Spawn("vcpu0", cpu => AllocateAndSend(cpu, mailbox, srcu, kind));
            machine.Spawn("vcpu1", cpu => AllocateAndSend(cpu, mailbox, srcu, kind));
        });
        var machine = new ExploredMachine(wordsPerPage: 64);
        var walk = new RandomWalk(1);
        RunMany(machine, program, walk, 1_000);

        long before = GC.GetTotalMemory(forceFullCollection: true);
        RunMany(machine, program, walk, 20_000);
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;

        Assert.InRange(grown, long.MinValue, 300_000); // 15 bytes a schedule; a leak of one small object each would be twice that
    }

    private static void RunMany(ExploredMachine machine, IProgram program, RandomWalk walk, int count)
    {
        for (long index = 0; index < count; index++)
        {
            walk.Begin(index);
            machine.Run(program, walk);
            Assert.Null(machine.Violation);
        }
    }

    private static async Coroutine Receive(Cpu cpu, Mailbox<int> mailbox)
    {
        while (true)
        {
            await mailbox.Receive(cpu);
        }
    }

    private static async Coroutine AllocateAndSend(Cpu cpu, Mailbox<int> mailbox, Srcu srcu, BlockKind kind)
    {
        for (int i = 0; i < 3; i++)
        {
            ulong index = await cpu.SrcuReadLock(srcu);
            Page page = cpu.Machine.Memory.AllocatePage("page", kind);
            cpu.Fill(page, 0);
            await mailbox.Send(cpu, i);
            await cpu.SrcuReadUnlock(srcu, index);
            cpu.Machine.Memory.FreePage(cpu, page);
        }
    }
}
