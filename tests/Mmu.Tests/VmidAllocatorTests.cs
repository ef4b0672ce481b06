using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>arm64's VMID allocator, one CPU after the other; what CPUs do to each other is in the scenarios.</summary>
public sealed class VmidAllocatorTests
{
    private readonly NativeMachine machine = new();
    private int flushes;

    private Cpu Cpu => machine.SetupCpu;

    [Fact]
    public void Update_OfVmsInTurn_GivesEachTheNext()
    {
        VmidAllocator vmids = New(bits: 8, cpus: 2);
        Word[] ids = NewVms(3);

        Assert.All(ids, id => Assert.True(Update(vmids, 0, id)));
        Assert.False(Update(vmids, 1, ids[1]));

        Assert.Equal([1UL, 2, 3], ids.Select(id => vmids.Vmid2Idx(id.Peek)));
        Assert.Equal(0, flushes);
    }

    [Fact]
    public void Update_OutOfVmids_FlushesOnceAndKeepsWhatRuns()
    {
        VmidAllocator vmids = New(bits: 2, cpus: 2);
        Word[] ids = NewVms(4);
        Update(vmids, 1, ids[0]); // goes on running
        foreach (Word id in ids.Skip(1))
        {
            Update(vmids, 0, id);
            _ = vmids.ClearActive(Cpu, 0).GetResult();
        }

        Assert.Equal(1, flushes);
        Assert.Equal(2UL, vmids.Vmid2Idx(ids[3].Peek));
        Assert.True(Update(vmids, 0, ids[0]));
        Assert.Equal(1UL, vmids.Vmid2Idx(ids[0].Peek));
        Assert.Equal(2UL << 2, vmids.Generation.Peek);
    }

    [Fact]
    public void Update_AfterScheduledOut_ReservesNothing()
    {
        VmidAllocator vmids = New(bits: 2, cpus: 2);
        Word[] ids = NewVms(4);
        foreach (Word id in ids)
        {
            Update(vmids, 0, id);
            _ = vmids.ClearActive(Cpu, 0).GetResult();
        }

        Assert.Equal(1UL, vmids.Vmid2Idx(ids[3].Peek));
        Assert.Equal(vmids.ActiveInvalid, vmids.ActiveVmid(0).Peek);
    }

    [Fact]
    public void Update_WithVmidsOfSixteenBits_GivesThemAllBeforeItFlushes()
    {
        VmidAllocator vmids = New(bits: 16, cpus: 1);
        foreach (Word id in NewVms(65_535))
        {
            Update(vmids, 0, id);
        }

        Assert.Equal(0, flushes);
        Update(vmids, 0, NewVms(1)[0]);
        Assert.Equal(1, flushes);
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    [InlineData(17, 1)]
    public void Allocator_WithNoMoreVmidsThanCpus_IsRefused(int bits, int cpus) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => New(bits, cpus));

    private VmidAllocator New(int bits, int cpus) => new(machine, cpus, bits, _ =>
    {
        flushes++;
        return Coroutine.Completed;
    });

    private bool Update(VmidAllocator vmids, int thisCpu, Word id) => vmids.Update(Cpu, thisCpu, id).GetResult();

    private Word[] NewVms(int count) => Enumerable.Range(0, count).Select(_ => machine.Memory.Allocate("kvm_vmid", "id")[0]).ToArray();
}
