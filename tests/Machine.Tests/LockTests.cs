namespace MmuStress.Machine.Tests;

public sealed class LockTests
{
    private readonly NativeMachine machine = new(srcuShards: 1);
    private readonly NativeCpu cpu;
    private readonly SpinLock outer;
    private readonly SpinLock middle;
    private readonly RwLock inner;
    private readonly Mutex mutex;

    public LockTests()
    {
        cpu = machine.AddCpu("vcpu0");
        outer = new SpinLock(machine, LockClasses.Outer);
        middle = new SpinLock(machine, LockClasses.Middle);
        inner = new RwLock(machine, LockClasses.Inner);
        mutex = new Mutex(machine, LockClasses.Sleeping);
    }

    [Fact]
    public void Lock_TakenAndGivenBack_LeavesNothingBehind()
    {
        cpu.Lock(outer).Value();
        Assert.True(cpu.Held.Contains(outer));
        Assert.True(cpu.Held.IsAtomic);
        Assert.Equal(0, MmuStress.Machine.Lock.OwnerOf(outer.State.Peek));
        cpu.Unlock(outer).Value();

        Assert.False(cpu.Held.IsAtomic);
        Assert.Equal(0, cpu.Held.Count);
        Assert.Equal(0UL, outer.State.Peek);
        cpu.Held.AssertNone();
        Assert.Null(machine.Violation);
    }

    [Fact]
    public void LockMap_InsideWhatWasTakenInsideIt_IsACycle()
    {
        var map = new LockMap(machine, LockClasses.Semaphore);
        map.Acquire(cpu);
        map.Acquire(machine.AddCpu("vcpu1")); // keeps nobody out
        cpu.Lock(mutex).Value();
        map.Release(cpu);
        Assert.Null(machine.Violation);

        map.Acquire(cpu);

        Assert.Equal(MachineInvariants.LockDiscipline, machine.Violation!.Invariant);
    }

    [Fact]
    public void ReadLock_ByTwo_IsShared()
    {
        NativeCpu other = machine.AddCpu("vcpu1");
        cpu.ReadLock(inner).Value();
        other.ReadLock(inner).Value();
        Assert.Equal(2 * MmuStress.Machine.Lock.OneReader, inner.State.Peek);
        cpu.ReadUnlock(inner).Value();
        other.ReadUnlock(inner).Value();

        Assert.Equal(0UL, inner.State.Peek);
        Assert.Null(machine.Violation);
    }

    // Native locks really wait, so only the check before taking is made.
    [Fact]
    public void Lock_HeldAlready_IsRecursion()
    {
        cpu.Lock(outer).Value();
        cpu.Held.BeforeAcquire(outer);

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 takes outer_lock, which it holds already");
    }

    [Fact]
    public void ReadLock_HeldAsReaderAlready_IsRecursion()
    {
        cpu.ReadLock(inner).Value();
        cpu.ReadLock(inner).Value();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 takes inner_lock, which it holds already");
    }

    [Fact]
    public void Unlock_ByAStranger_IsReportedAndKeepsTheOwner()
    {
        NativeCpu stranger = machine.AddCpu("vcpu1");
        cpu.Lock(outer).Value();
        stranger.Unlock(outer).Value();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu1 releases outer_lock, which it does not hold");
        Assert.Same(stranger, machine.Violator);
        Assert.Equal(0, MmuStress.Machine.Lock.OwnerOf(outer.State.Peek));
    }

    [Fact]
    public void Unlock_OfWhatIsReadLocked_IsReported()
    {
        cpu.ReadLock(inner).Value();
        cpu.Unlock(inner).Value();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 releases inner_lock, which it does not hold");
    }

    [Fact]
    public void ReadUnlock_OfWhatIsWriteLocked_IsReported()
    {
        cpu.Lock(inner).Value();
        cpu.ReadUnlock(inner).Value();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 releases inner_lock, which it does not hold");
    }

    [Fact]
    public void Mutex_UnderASpinLock_SleepsInAtomicContext()
    {
        cpu.Lock(outer).Value();
        cpu.Lock(mutex).Value();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 takes slots_lock, which sleeps, in atomic context (outer_lock)");
    }

    [Fact]
    public void SpinLock_UnderAMutex_IsFine()
    {
        cpu.Lock(mutex).Value();
        Assert.False(cpu.Held.IsAtomic);
        cpu.Lock(outer).Value();
        cpu.Unlock(outer).Value();
        cpu.CondResched().Value();
        cpu.Unlock(mutex).Value();

        Assert.Null(machine.Violation);
    }

    [Fact]
    public void CondResched_UnderASpinLock_SleepsInAtomicContext()
    {
        cpu.Lock(outer).Value();
        Assert.Throws<MachineStoppedException>(() => cpu.CondResched());

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 sleeps in schedule in atomic context (outer_lock)");
    }

    [Fact]
    public void WaitForCompletion_WithInterruptsOff_SleepsInAtomicContext()
    {
        var completion = new Completion(machine, "done");
        completion.CompleteAll(cpu).Value();
        cpu.Held.EnterAtomic();
        completion.Wait(cpu).Value();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 sleeps in wait_for_completion in atomic context (interrupts are off)");
    }

    [Fact]
    public void SynchronizeSrcu_UnderASpinLock_SleepsInAtomicContext()
    {
        var srcu = new Srcu(machine);
        cpu.Lock(outer).Value();
        cpu.SynchronizeSrcu(srcu).Done();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 sleeps in synchronize_srcu in atomic context (outer_lock)");
    }

    [Fact]
    public void Order_OfTwoClasses_TakenBothWays_IsACycle()
    {
        TakeBoth(cpu, outer, middle);
        TakeBoth(machine.AddCpu("vcpu1"), middle, outer);

        machine.AssertViolation(MachineInvariants.LockDiscipline, "locks are taken in a cycle: middle_lock -> outer_lock -> middle_lock");
    }

    [Fact]
    public void Order_OfThreeClasses_InACircle_IsACycle()
    {
        TakeBoth(cpu, outer, middle);
        TakeBoth(machine.AddCpu("vcpu1"), middle, inner);
        Assert.Null(machine.Violation);
        TakeBoth(machine.AddCpu("vcpu2"), inner, outer);

        machine.AssertViolation(
            MachineInvariants.LockDiscipline, "locks are taken in a cycle: inner_lock -> outer_lock -> middle_lock -> inner_lock");
    }

    [Fact]
    public void Order_OfThreeClasses_AlwaysTheSame_IsFine()
    {
        TakeBoth(cpu, outer, middle);
        TakeBoth(cpu, middle, inner);
        TakeBoth(machine.AddCpu("vcpu1"), outer, inner);
        TakeBoth(cpu, outer, middle);

        Assert.Null(machine.Violation);
    }

    // Lock order is a property of classes: that of two instances is not told apart.
    [Fact]
    public void Order_OfOneClass_IsNotLookedAt()
    {
        var other = new SpinLock(machine, LockClasses.Outer);
        TakeBoth(cpu, outer, other);
        TakeBoth(cpu, other, outer);

        Assert.Null(machine.Violation);
    }

    [Fact]
    public void End_WithALock_IsALeak()
    {
        cpu.Lock(outer).Value();
        cpu.ReadLock(inner).Value();
        cpu.Held.AssertNone();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 ends and still holds outer_lock, inner_lock");
    }

    [Fact]
    public void End_InAnSrcuSection_IsALeak()
    {
        var srcu = new Srcu(machine);
        cpu.SrcuReadLock(srcu).Value();
        cpu.Held.AssertNone();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 ends and still holds an SRCU section");
    }

    [Fact]
    public void End_WithInterruptsOff_IsReported()
    {
        var physical = new PhysicalCpu(machine, 0);
        physical.DisableInterrupts(cpu).Value();
        cpu.Held.AssertNone();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 ends with interrupts off");
    }

    [Fact]
    public void SrcuReadUnlock_WithoutASection_IsReportedAndCountsNothing()
    {
        var srcu = new Srcu(machine);
        cpu.SrcuReadUnlock(srcu, 0).Value();

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 leaves an SRCU section that it never entered");
        Assert.Equal(0UL, srcu.Counter(cpu, 0).Peek);
    }

    [Fact]
    public void AssertHeld_OfALockThatIsHeld_Holds()
    {
        cpu.ReadLock(inner).Value();
        inner.AssertHeld(cpu);
        cpu.ReadUnlock(inner).Value();

        Assert.Null(machine.Violation);
    }

    [Fact]
    public void AssertHeld_OfALockThatAnotherHolds_IsReported()
    {
        machine.AddCpu("vcpu1").Lock(outer).Value();
        outer.AssertHeld(cpu);

        machine.AssertViolation(MachineInvariants.LockDiscipline, "vcpu0 does not hold outer_lock where it must");
    }

    [Fact]
    public void Report_OfSeveral_KeepsTheFirst()
    {
        cpu.Fail("First", "one");
        cpu.Fail("Second", "two");

        machine.AssertViolation("First", "one");
    }

    [Fact]
    public void Locks_MoreThanEight_AreAllRemembered()
    {
        List<SpinLock> locks = Enumerable.Range(0, 20).Select(_ => new SpinLock(machine, LockClasses.Outer)).ToList();
        locks.ForEach(l => cpu.Lock(l).Value());
        Assert.Equal(20, cpu.Held.Count);
        locks.ForEach(l => cpu.Unlock(l).Value());

        Assert.Null(machine.Violation);
        Assert.Equal(0, cpu.Held.Count);
    }

    private static void TakeBoth(NativeCpu who, Lock first, Lock second)
    {
        who.Lock(first).Value();
        who.Lock(second).Value();
        who.Unlock(second).Value();
        who.Unlock(first).Value();
    }
}
