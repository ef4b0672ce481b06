using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>What arm64 maps as a block, by one CPU: tables of four entries, so that four pages are a huge one.</summary>
public sealed class Arm64BlockTests
{
    private const ulong Huge = 4;

    private readonly TestVm vm = new(MmuArchitectures.Arm64);

    [Fact]
    public void Fault_HugePageOfTheHost_IsMappedByABlock()
    {
        Collapse(8);
        vm.Set(0, 8, 8, 8);
        Assert.Equal(0, vm.Fault(9));
        AssertBlock(8);
        Assert.False(Pte(12).Present); // small pages
        Assert.Equal(0, vm.Fault(12));
        Assert.Equal(0, Pte(12).Level);
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [InlineData(9, 7, 9)] // begins inside the block
    [InlineData(8, 3, 8)] // ends inside it
    [InlineData(9, 8, 8)] // the same huge page, elsewhere in the entry
    public void Fault_MemslotThatDoesNotFit_MapsPages(ulong gfn, ulong count, ulong hvaPage)
    {
        Collapse(8);
        vm.Set(0, gfn, count, hvaPage);
        Assert.Equal(0, vm.Fault(10));
        Assert.Equal((true, 0), (Pte(10).Present, Pte(10).Level));
        Assert.False(Pte(11).Present);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Unmap_PartOfABlock_TakesAllOfIt()
    {
        Collapse(8);
        vm.Set(0, 8, 8, 8);
        vm.Fault(8);
        vm.Invalidate(10);
        for (ulong gfn = 8; gfn < 12; gfn++)
        {
            Assert.False(Pte(gfn).Present);
        }

        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Fault_AfterTheHostSplit_MapsPages()
    {
        Collapse(8);
        vm.Set(0, 8, 8, 8);
        vm.Fault(8, write: true);
        vm.Mm.ThpSplit(vm.Cpu, HvaRange.OfPages(8, Huge)).GetResult();
        Assert.False(Pte(8).Present);
        Assert.Equal(0, vm.Fault(9));
        Assert.Equal((true, 0), (Pte(9).Present, Pte(9).Level));
        Assert.False(Pte(8).Present);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Write_WhileDirtyPagesAreLogged_PutsATableInThePlaceOfTheBlock()
    {
        Collapse(8);
        vm.Set(0, 8, 8, 8);
        vm.Fault(8, write: true);
        vm.Set(0, 8, 8, 8, MemslotFlags.LogDirtyPages);
        Assert.All([8UL, 9UL, 10UL, 11UL], gfn => Assert.Equal((true, false, 1), (Pte(gfn).Present, Pte(gfn).Writable, Pte(gfn).Level)));

        PermissionFault(9, level: 1);
        Assert.Equal((true, true, 0), (Pte(9).Present, Pte(9).Writable, Pte(9).Level));
        Assert.False(Pte(8).Present); // mapped lazily
        Assert.Equal(0b10UL, vm.GetDirtyLog()[0]);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Fault_AfterTheDirtyLog_PutsABlockInThePlaceOfTheTableAndFreesIt()
    {
        Collapse(8);
        vm.Set(0, 8, 8, 8, MemslotFlags.LogDirtyPages);
        vm.Fault(8, write: true);
        vm.Fault(9);
        Assert.Equal(0, Pte(8).Level);
        int tables = vm.Machine.Memory.AllocatedPages - vm.Vcpu.MmuPageCache.Count;
        vm.Set(0, 8, 8, 8);
        Assert.Equal(0, vm.Fault(10, write: true));
        AssertBlock(8);
        Assert.Equal(tables - 1, vm.Machine.Memory.AllocatedPages - vm.Vcpu.MmuPageCache.Count);
        Assert.Equal(0, vm.Kvm.Arch.TablesAwaitingFree);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Fault_WhileSomebodyIsInTheTable_FreesItWhenTheyAreOut()
    {
        Collapse(8);
        vm.Set(0, 8, 8, 8, MemslotFlags.LogDirtyPages);
        vm.Fault(8);
        vm.Set(0, 8, 8, 8);
        NativeCpu reader = vm.Machine.AddCpu("reader");
        Rcu rcu = ((Arm64Mmu)vm.Kvm.Arch).Rcu;
        rcu.ReadLock(reader);
        Assert.Equal(0, vm.Fault(10));
        AssertBlock(8);
        Assert.Equal(1, vm.Kvm.Arch.TablesAwaitingFree);

        rcu.ReadUnlock(reader);
        Assert.Equal(1, vm.Kvm.Arch.TablesAwaitingFree); // the next walk frees it
        Assert.Equal(0, vm.Fault(12));
        Assert.Equal(0, vm.Kvm.Arch.TablesAwaitingFree);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Destroy_TableThatWaits_IsFreed()
    {
        Collapse(8);
        vm.Set(0, 8, 8, 8, MemslotFlags.LogDirtyPages);
        vm.Fault(8);
        vm.Set(0, 8, 8, 8);
        NativeCpu reader = vm.Machine.AddCpu("reader");
        Rcu rcu = ((Arm64Mmu)vm.Kvm.Arch).Rcu;
        rcu.ReadLock(reader);
        vm.Fault(10);
        rcu.ReadUnlock(reader);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void Age_OfOnePage_AgesTheBlock()
    {
        Collapse(8);
        vm.Set(0, 8, 8, 8);
        vm.Fault(8);
        Assert.True(vm.ClearYoung(9));
        Assert.All([8UL, 9UL, 10UL, 11UL], gfn => Assert.Equal((true, false), (Pte(gfn).Present, Pte(gfn).Young)));

        vm.Vcpu.FaultStatus = FaultStatus.AccessFlag;
        Assert.Equal(0, vm.Fault(10));
        AssertBlock(8);
        vm.AssertDestroysCleanly();
    }

    private LeafEntry Pte(ulong gfn) => vm.Kvm.PeekLeaf(new Gfn(gfn));

    private void Collapse(ulong page) => Assert.True(vm.Mm.ThpCollapse(vm.Cpu, HvaRange.OfPages(page, Huge)).GetResult());

    private void PermissionFault(ulong gfn, int level)
    {
        vm.Vcpu.FaultStatus = FaultStatus.Permission;
        vm.Vcpu.FaultLevel = level;
        Assert.Equal(0, vm.Fault(gfn, write: true));
    }

    private void AssertBlock(ulong first)
    {
        for (ulong gfn = first; gfn < first + Huge; gfn++)
        {
            Assert.Equal((true, true, 1, vm.HostPfn(gfn)), (Pte(gfn).Present, Pte(gfn).Young, Pte(gfn).Level, Pte(gfn).Pfn));
        }
    }
}
