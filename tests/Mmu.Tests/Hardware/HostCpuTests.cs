using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class HostCpuTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void NextVpid_OverARound_GivesEachVpidButZeroOnce(int bits)
    {
        var cpu = new HostCpu(new NativeMachine(), 0, bits);
        ulong mask = (1UL << bits) - 1;
        var given = new List<ulong>();
        for (ulong i = 0; i < mask; i++)
        {
            given.Add(cpu.NextVpid() & mask);
        }

        Assert.Equal(given.Count, given.Distinct().Count());
        Assert.DoesNotContain(0UL, given);
    }

    [Fact]
    public void NextVpid_AtTheEndOfARound_FlushesTheTlbAndOutdatesEarlierVpids()
    {
        var machine = new NativeMachine();
        var cpu = new HostCpu(machine, 0, vpidBits: 2);
        Frame frame = new HostMemory(machine).Allocate();
        ulong first = cpu.NextVpid();
        cpu.NextVpid();
        ulong last = cpu.NextVpid();
        cpu.Tlb.Fill(new TlbEntry(first & 3, new Gfn(1), frame, Writable: true));
        Assert.True(cpu.IsCurrent(first));

        ulong next = cpu.NextVpid();

        Assert.Equal(first & 3, next & 3);
        Assert.False(cpu.IsCurrent(first));
        Assert.False(cpu.IsCurrent(last));
        Assert.True(cpu.IsCurrent(next));
        Assert.False(cpu.Tlb.TryFind(next & 3, new Gfn(1), out _));
    }

    [Fact]
    public void IsCurrent_OfNoVpid_IsFalse() => Assert.False(new HostCpu(new NativeMachine(), 0).IsCurrent(0));

    [Fact]
    public void Interrupt_WhileInterruptsAreOn_IsTakenAtOnce()
    {
        var machine = new NativeMachine();
        var cpu = new HostCpu(machine, 0);

        cpu.Interrupts.Interrupt(machine.AddCpu("sender"), wait: true).GetResult();

        Assert.Null(machine.Violation);
    }

    [Fact]
    public void Interrupt_WhileInterruptsAreOff_IsPendingUntilTheyAreOn()
    {
        var machine = new NativeMachine();
        NativeCpu thread = machine.AddCpu("vcpu");
        NativeCpu sender = machine.AddCpu("sender");
        var cpu = new HostCpu(machine, 0);
        cpu.Interrupts.DisableInterrupts(thread).GetResult();
        Assert.False(cpu.Interrupts.IsInterruptPending(thread).GetResult());

        cpu.Interrupts.Interrupt(sender, wait: false).GetResult();
        Assert.True(cpu.Interrupts.IsInterruptPending(thread).GetResult());
        Assert.True(thread.Held.IsAtomic);

        cpu.Interrupts.EnableInterrupts(thread).GetResult();
        Assert.False(cpu.Interrupts.IsInterruptPending(thread).GetResult());
        Assert.False(thread.Held.IsAtomic);
    }
}
