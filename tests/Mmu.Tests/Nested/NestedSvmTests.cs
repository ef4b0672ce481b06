namespace MmuStress.Mmu.Tests;

/// <summary>Entering L2 on one CPU.</summary>
public sealed class NestedSvmTests
{
    private const int Width = 16; // 16 frames

    private readonly TestVm vm = new(MmuArchitectures.LoongArchMended);

    public NestedSvmTests()
    {
        vm.Set(0, 4, 4, 0);
        vm.Mm.HostWrite(vm.Cpu, Hva.OfPage(0), 10).GetResult();
        vm.Mm.HostWrite(vm.Cpu, Hva.OfPage(1), 11).GetResult();
    }

    [Fact]
    public void Vmrun_BitmapIsThere_IsMerged()
    {
        NestedSvm nested = New(new VmcbControl(4 * PageSize.Bytes, 0));
        Assert.True(nested.NestedSvmVmrun(vm.Cpu).GetResult());
        Assert.Equal([10UL, 11UL], nested.Msrpm.ToArray());
        Assert.True(nested.IsControlLegal);
    }

    [Fact]
    public void Vmrun_LowBits_AreIgnored()
    {
        NestedSvm nested = New(new VmcbControl((4 * PageSize.Bytes) + 4095, 4095));
        Assert.True(nested.NestedSvmVmrun(vm.Cpu).GetResult());
        Assert.Equal([10UL, 11UL], nested.Msrpm.ToArray());
    }

    [Theory]
    [InlineData(3)] // the first page has no memslot
    [InlineData(7)] // the second has none
    [InlineData(15)] // the second is beyond the address space
    [InlineData(16)]
    public void Vmrun_BitmapIsNotThere_IsAnError(ulong gfn)
    {
        Assert.False(New(new VmcbControl(gfn * PageSize.Bytes, 0)).NestedSvmVmrun(vm.Cpu).GetResult());
        Assert.Equal(0, vm.Cpu.Held.Count);
    }

    [Fact]
    public void Vmrun_IopmBeyond_IsAnErrorThoughNobodyReadsIt() =>
        Assert.False(New(new VmcbControl(4 * PageSize.Bytes, 14 * PageSize.Bytes)).NestedSvmVmrun(vm.Cpu).GetResult());

    [Fact]
    public void Vmrun_CheckedInPlace_DoesTheSameWhenNobodyInterferes()
    {
        Assert.True(new NestedSvmCheckedInPlace(vm.Kvm, new Vmcb12(vm.Machine, new VmcbControl(4 * PageSize.Bytes, 0)), Width, NestedBitmapCheck.Merged).NestedSvmVmrun(vm.Cpu).GetResult());
        Assert.False(new NestedSvmCheckedInPlace(vm.Kvm, new Vmcb12(vm.Machine, new VmcbControl(15 * PageSize.Bytes, 0)), Width, NestedBitmapCheck.Merged).NestedSvmVmrun(vm.Cpu).GetResult());
    }

    [Fact]
    public void Vmrun_MemslotIsGone_IsAnError()
    {
        NestedSvm nested = New(new VmcbControl(4 * PageSize.Bytes, 0));
        vm.Delete(0);
        Assert.False(nested.NestedSvmVmrun(vm.Cpu).GetResult());
    }

    private NestedSvm New(VmcbControl control) => new(vm.Kvm, new Vmcb12(vm.Machine, control), Width, NestedBitmapCheck.Merged);
}
