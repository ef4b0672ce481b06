using System.Threading;

namespace MmuStress.Machine.Tests;

public sealed class NativeCpuTests
{
    private readonly NativeMachine machine = new(srcuShards: 1);
    private readonly NativeCpu cpu;
    private readonly Block block;

    public NativeCpuTests()
    {
        cpu = machine.AddCpu("cpu0");
        block = machine.Memory.Allocate("block", "a", "b");
        block[0].Initialise(12);
    }

    private Word A => block[0];

    [Fact]
    public void Reads_OfAWord_ReturnItsContent()
    {
        Assert.Equal(12UL, cpu.ReadOnce(A).Value());
        Assert.Equal(12UL, cpu.HardwareRead(A).Value());
        Assert.Equal(12UL, cpu.LoadAcquire(A).Value());
        Assert.Equal(12UL, cpu.Read(A));
    }

    [Fact]
    public void Writes_OfAWord_ReturnZeroAndReplaceIt()
    {
        Assert.Equal(0UL, cpu.WriteOnce(A, 1).Value());
        Assert.Equal(1UL, A.Peek);
        Assert.Equal(0UL, cpu.StoreRelease(A, 2).Value());
        Assert.Equal(2UL, A.Peek);
        cpu.Write(A, 3);
        Assert.Equal(3UL, A.Peek);
        Assert.Equal(0UL, block[1].Peek);
    }

    [Fact]
    public void Xchg_OfAWord_ReturnsTheOldContent()
    {
        Assert.Equal(12UL, cpu.Xchg(A, 5).Value());
        Assert.Equal(5UL, A.Peek);
    }

    [Fact]
    public void CmpXchg_WithTheExpectedContent_Writes()
    {
        Assert.Equal(12UL, cpu.CmpXchg(A, 12, 5).Value());
        Assert.Equal(5UL, A.Peek);
    }

    [Fact]
    public void CmpXchg_WithOtherContent_LeavesItAndReturnsIt()
    {
        Assert.Equal(12UL, cpu.CmpXchg(A, 11, 5).Value());
        Assert.Equal(12UL, A.Peek);
    }

    [Fact]
    public void AddReturn_OfPositiveAndNegative_ReturnsTheNewContentAndWraps()
    {
        Assert.Equal(15UL, cpu.AddReturn(A, 3).Value());
        Assert.Equal(14UL, cpu.AddReturn(A, -1).Value());
        Assert.Equal(ulong.MaxValue, cpu.AddReturn(A, -15).Value());
        Assert.Equal(0UL, cpu.AddReturn(A, 1).Value());
    }

    [Fact]
    public void FetchOr_OfBits_ReturnsTheOldContentAndSetsThem()
    {
        Assert.Equal(0b1100UL, cpu.FetchOr(A, 0b0110).Value());
        Assert.Equal(0b1110UL, A.Peek);
    }

    [Fact]
    public void FetchAndNot_OfBits_ReturnsTheOldContentAndClearsThem()
    {
        Assert.Equal(0b1100UL, cpu.FetchAndNot(A, 0b0110).Value());
        Assert.Equal(0b1000UL, A.Peek);
    }

    [Fact]
    public void Waits_ForWhatHoldsAlready_ReturnTheContent()
    {
        Assert.Equal(12UL, cpu.WaitUntilEqual(A, 12).Value());
        Assert.Equal(12UL, cpu.WaitUntilNotEqual(A, 11).Value());
    }

    [Fact]
    public void Down_OfACount_ReturnsItBeforeAndTakesOneOff()
    {
        Assert.Equal(12UL, cpu.Down(A).Value());
        Assert.Equal(11UL, A.Peek);
    }

    [Fact]
    public void Barriers_AndCondResched_ReturnZero()
    {
        Assert.Equal(0UL, cpu.Rmb().Value());
        Assert.Equal(0UL, cpu.Wmb().Value());
        Assert.Equal(0UL, cpu.Mb().Value());
        Assert.Equal(0UL, cpu.CondResched().Value());
    }

    [Fact]
    public void Choose_AmongThree_TakesEachOfThem()
    {
        var seen = new HashSet<ulong>();
        for (int i = 0; i < 200; i++)
        {
            seen.Add(cpu.Choose(3).Value());
        }

        Assert.Equal([0UL, 1UL, 2UL], seen.Order());
        Assert.Equal(0UL, cpu.Choose(1).Value());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(256)]
    public void Choose_OutOfRange_Throws(int alternatives) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => cpu.Choose(alternatives));

    [Fact]
    public void Fill_OfABlock_WritesEveryWord()
    {
        cpu.Fill(block, 9);

        Assert.Equal([9UL, 9UL], block.Words);
    }

    [Fact]
    public void Accesses_AreCounted_PlainOnesAreNot()
    {
        long before = cpu.Accesses;
        cpu.ReadOnce(A).Value();
        cpu.WriteOnce(A, 1).Value();
        cpu.Read(A);
        cpu.Write(A, 1);

        Assert.Equal(2, cpu.Accesses - before);
    }

    [Fact]
    public void Log_WithoutARecorder_FormatsNothing()
    {
        cpu.Log($"{new Unprintable()}");

        Assert.False(cpu.IsTracing);
    }

    [Fact]
    public void Completion_BeforeAndAfterItIsDone_LetsTheWaiterGoOnAfterwards()
    {
        var completion = new Completion(machine, "migration");
        NativeCpu other = machine.AddCpu("cpu1");
        ulong seen = 0;
        Thread waiter = Threads.Begin(() =>
        {
            completion.Wait(other).Value();
            seen = A.Peek;
        });
        cpu.WriteOnce(A, 77).Value();
        completion.CompleteAll(cpu).Value();
        Threads.End(waiter);

        Assert.Equal(77UL, seen);
        completion.Wait(cpu).Value();
    }

    [Fact]
    public void Mailbox_OfOneSender_KeepsTheOrder()
    {
        var mailbox = new Mailbox<int>(machine, "cpu0");
        mailbox.Send(cpu, 1).Done();
        mailbox.Send(cpu, 2).Done();

        Assert.Equal(1, mailbox.Receive(cpu).Value());
        Assert.Equal(2, mailbox.Receive(cpu).Value());
        Assert.False(cpu.IsIdle);
    }

    // Every kind of wait, also a loop that looks and reschedules.
    [Theory]
    [InlineData("WaitUntilEqual")]
    [InlineData("WaitUntilNotEqual")]
    [InlineData("Down")]
    [InlineData("Lock")]
    [InlineData("ReadLock")]
    [InlineData("CondResched")]
    public void Wait_OnAMachineThatStops_GivesUp(string kind)
    {
        var held = new RwLock(machine, LockClasses.Outer);
        cpu.Lock(held).Value();
        NativeCpu waiter = machine.AddCpu("waiter");
        Exception? thrown = null;
        Thread thread = Threads.Begin(() => thrown = Record.Exception(() => Wait(waiter, held, kind)));

        machine.Stop();
        Threads.End(thread);

        Assert.IsType<MachineStoppedException>(thrown);
        Assert.Null(machine.Violation);
    }

    private void Wait(NativeCpu waiter, RwLock held, string kind)
    {
        while (true)
        {
            _ = kind switch
            {
                "WaitUntilEqual" => waiter.WaitUntilEqual(A, 13),
                "WaitUntilNotEqual" => waiter.WaitUntilNotEqual(A, 12),
                "Down" => waiter.Down(block[1]),
                "Lock" => waiter.Lock(held),
                "ReadLock" => waiter.ReadLock(held),
                _ => waiter.CondResched(),
            };
        }
    }

    private sealed class Unprintable
    {
        public override string ToString() => throw new InvalidOperationException("formatted");
    }
}
