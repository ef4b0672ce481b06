using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class PfncacheTests
{
    private readonly TestVm vm = Architectures.Vm(Architectures.Merged);
    private readonly GfnToPfnCache gpc;

    public PfncacheTests()
    {
        gpc = new GfnToPfnCache(vm.Kvm);
        vm.Set(0, 4, 4, 8);
    }

    [Fact]
    public void Activate_FrameWithMemslot_LeadsToTheHostsPage()
    {
        Assert.Equal(0, Activate(5));
        Assert.True(Check(5));
        Assert.False(Check(6));
        Assert.Equal(vm.HostPfn(9).Value << PageSize.Shift, gpc.Khva.Peek);
    }

    [Fact]
    public void Activate_FrameWithoutMemslot_Fails()
    {
        Assert.Equal(-Errno.EFAULT, Activate(20));
        Assert.False(Check(20));
        Assert.Equal(0UL, gpc.Khva.Peek);
    }

    [Fact]
    public void Refresh_NotActive_Fails()
    {
        Assert.Equal(-Errno.EINVAL, Refresh(5));
        Assert.False(Check(5));
    }

    [Fact]
    public void Refresh_AnotherFrame_LeadsThere()
    {
        Activate(5);
        Assert.Equal(0, Refresh(6));
        Assert.False(Check(5));
        Assert.True(Check(6));
        Assert.Equal(vm.HostPfn(10).Value << PageSize.Shift, gpc.Khva.Peek);
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(8, true)]
    [InlineData(10, true)]
    public void Invalidate_OnePage_ConcernsTheCacheOfThatPageOnly(ulong page, bool isValid)
    {
        Activate(5);
        vm.Invalidate(page);
        Assert.Equal(isValid, Check(5));
        Assert.Equal(0, Refresh(5));
        Assert.True(Check(5));
    }

    [Fact]
    public void Memslot_Changes_MakesEveryCacheBeRefreshed()
    {
        Activate(5);
        vm.Set(1, 20, 1, 20);
        Assert.False(Check(5));
        Assert.Equal(0, Refresh(5));
        vm.Delete(0);
        Assert.Equal(-Errno.EFAULT, Refresh(5));
    }

    [Fact]
    public void Deactivate_MakesItUnusable()
    {
        Activate(5);
        gpc.Deactivate(vm.Cpu).GetResult();
        Assert.False(Check(5));
        Assert.Equal(0UL, gpc.Khva.Peek);
        vm.Invalidate(9);
        Assert.Equal(0, Activate(5));
        Assert.True(Check(5));
    }

    [Fact]
    public void Write_GoesToTheHostsPageAndIsMarkedDirty()
    {
        vm.Set(0, 4, 4, 8, MemslotFlags.LogDirtyPages);
        Activate(5);
        Assert.True(gpc.WriteGuest(vm.Cpu, new Gfn(5).Gpa, 77, tries: 1).GetResult());
        Assert.Equal(77UL, vm.Mm.HostRead(vm.Cpu, Hva.OfPage(9)).GetResult());
        Assert.Equal(0b10UL, vm.GetDirtyLog()[0]);
        Assert.False(gpc.WriteGuest(vm.Cpu, new Gfn(6).Gpa, 77, tries: 0).GetResult());
        Assert.True(gpc.WriteGuest(vm.Cpu, new Gfn(6).Gpa, 78, tries: 1).GetResult());
        Assert.Equal(78UL, vm.Mm.HostRead(vm.Cpu, Hva.OfPage(10)).GetResult());
    }

    private int Activate(ulong gfn) => gpc.Activate(vm.Cpu, new Gfn(gfn).Gpa).GetResult();

    private int Refresh(ulong gfn) => gpc.Refresh(vm.Cpu, new Gfn(gfn).Gpa).GetResult();

    private bool Check(ulong gfn)
    {
        vm.Cpu.ReadLock(gpc.Lock).GetResult();
        bool isValid = gpc.Check(vm.Cpu, new Gfn(gfn).Gpa).GetResult();
        vm.Cpu.ReadUnlock(gpc.Lock).GetResult();
        Assert.Null(vm.Machine.Violation);
        return isValid;
    }
}
