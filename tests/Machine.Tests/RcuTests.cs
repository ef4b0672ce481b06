namespace MmuStress.Machine.Tests;

public sealed class RcuTests
{
    private readonly NativeMachine machine = new();
    private readonly Rcu rcu;
    private readonly Cpu first;
    private readonly Cpu second;
    private int done;

    public RcuTests()
    {
        rcu = new Rcu(machine);
        first = machine.AddCpu("first");
        second = machine.AddCpu("second");
    }

    [Fact]
    public void Call_NobodyInside_IsDoneAtOnce()
    {
        rcu.Call(first, _ => done++);
        Assert.Equal((1, 0), (done, rcu.Pending));
    }

    [Fact]
    public void Call_ReadersInside_WaitsForTheLastOfThemAndForNoOther()
    {
        rcu.ReadLock(first);
        rcu.ReadLock(second);
        rcu.Call(second, _ => done++);
        rcu.ReadUnlock(second);
        rcu.ReadLock(second); // entered later
        Assert.Equal((0, 1), (done, rcu.Pending));
        rcu.ReadUnlock(first);
        Assert.Equal((1, 0), (done, rcu.Pending));
        rcu.ReadUnlock(second);
        Assert.Null(machine.Violation);
    }

    [Fact]
    public void ReadUnlock_InnerSection_EndsNothing()
    {
        rcu.ReadLock(first);
        rcu.ReadLock(first);
        rcu.Call(first, _ => done++);
        rcu.ReadUnlock(first);
        Assert.Equal(0, done);
        rcu.ReadUnlock(first);
        Assert.Equal(1, done);
    }

    [Fact]
    public void Reader_ThatSleeps_IsReported()
    {
        rcu.ReadLock(first);
        first.Held.AssertMaySleep("schedule");
        Assert.Equal(MachineInvariants.LockDiscipline, machine.Violation?.Invariant);
    }

    [Fact]
    public void AssertHeld_Outside_IsReported()
    {
        rcu.AssertHeld(first);
        Assert.Equal(MachineInvariants.LockDiscipline, machine.Violation?.Invariant);
    }
}
