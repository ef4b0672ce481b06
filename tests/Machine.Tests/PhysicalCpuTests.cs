using System.Threading;

namespace MmuStress.Machine.Tests;

public sealed class PhysicalCpuTests
{
    private readonly NativeMachine machine = new(srcuShards: 1);
    private readonly NativeCpu owner;
    private readonly NativeCpu sender;
    private readonly PhysicalCpu target;

    public PhysicalCpuTests()
    {
        owner = machine.AddCpu("owner");
        sender = machine.AddCpu("sender");
        target = new PhysicalCpu(machine, 3);
    }

    [Fact]
    public void Interrupt_WithInterruptsOn_IsTakenAtOnce()
    {
        target.Interrupt(sender, wait: true).Done();
        target.DisableInterrupts(owner).Value();

        Assert.False(target.IsInterruptPending(owner).Value());
        target.EnableInterrupts(owner).Value();
        owner.Held.AssertNone();
        Assert.Null(machine.Violation);
        Assert.Equal(3, target.Id);
    }

    [Fact]
    public void Interrupt_WithoutWaiting_StaysPendingUntilInterruptsAreOn()
    {
        target.DisableInterrupts(owner).Value();
        Assert.True(owner.Held.IsAtomic);
        target.Interrupt(sender, wait: false).Done();
        Assert.True(target.IsInterruptPending(owner).Value());
        target.EnableInterrupts(owner).Value();

        Assert.False(target.IsInterruptPending(owner).Value());
        Assert.False(owner.Held.IsAtomic);
    }

    [Fact]
    public void Interrupt_WithInterruptsOff_WaitsUntilTheyAreOn()
    {
        target.DisableInterrupts(owner).Value();
        bool isTaken = false;
        Thread thread = Threads.Begin(() =>
        {
            target.Interrupt(sender, wait: true).Done();
            Volatile.Write(ref isTaken, true);
        });
        while (!target.IsInterruptPending(owner).Value())
        {
            Thread.Yield();
        }

        Assert.False(Volatile.Read(ref isTaken));
        target.EnableInterrupts(owner).Value();
        Threads.End(thread);
        Assert.True(isTaken);
    }

    // On and off again at once: the sender that waited for the first must not miss it.
    [Fact]
    public void Interrupt_ThatIsTakenBetweenTwoTimesOff_IsNotLost()
    {
        target.DisableInterrupts(owner).Value();
        Thread thread = Threads.Begin(() => target.Interrupt(sender, wait: true).Done());
        while (!target.IsInterruptPending(owner).Value())
        {
            Thread.Yield();
        }

        target.EnableInterrupts(owner).Value();
        target.DisableInterrupts(owner).Value();
        Threads.End(thread);

        Assert.False(target.IsInterruptPending(owner).Value());
    }

    [Fact]
    public void EnableInterrupts_WhenTheyWereNeverOff_IsAMistakeOfTheModel() =>
        Assert.Throws<InvalidOperationException>(() => target.EnableInterrupts(owner));

    // Two senders and an owner that turns interrupts on and off: nobody waits for ever.
    [Fact]
    public void Interrupts_OnRealThreads_AreAllTaken()
    {
        int sending = 2;
        Threads.Run(machine, 3, (cpu, id) =>
        {
            if (id > 0)
            {
                for (int i = 0; i < 2_000; i++)
                {
                    target.Interrupt(cpu, wait: true).Done();
                }

                Interlocked.Decrement(ref sending);
                return;
            }

            while (Volatile.Read(ref sending) > 0)
            {
                target.DisableInterrupts(cpu).Value();
                target.EnableInterrupts(cpu).Value();
            }
        });

        Assert.Null(machine.Violation);
    }
}
