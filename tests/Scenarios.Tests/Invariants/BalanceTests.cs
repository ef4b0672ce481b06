using MmuStress.Machine;
using MmuStress.Mmu;
using static MmuStress.Scenarios.Tests.CheckedVm;

namespace MmuStress.Scenarios.Tests;

/// <summary>NotifierBalance and TableAccounting.</summary>
public sealed class BalanceTests
{
    private readonly CheckedVm vm = new(options: new VmOptions { Base = 4, Kvm = new KvmParameters { EntriesPerTable = 4 } });

    [Fact]
    public void NotifierBalance_StartWithEnd_Holds()
    {
        vm.Start(4);
        vm.End(4);
        new NotifierBalance().AtEnd(vm.Kvm);
        vm.Holds();
    }

    [Fact]
    public void NotifierBalance_StartWithoutEnd_Violates()
    {
        vm.Start(4);
        new NotifierBalance().AtEnd(vm.Kvm);
        vm.Violates("NotifierBalance", $"{vm.Kvm.MmuInvalidateInProgress} is 1 when nobody notifies");
    }

    [Fact]
    public void NotifierBalance_NoMemslotHit_LooksAtTheOtherCount()
    {
        vm.Start(1);
        new NotifierBalance().AtEnd(vm.Kvm);
        vm.Violates("NotifierBalance", $"{vm.Kvm.MnActiveInvalidateCount} is 1 when nobody notifies");
    }

    [Fact]
    public void PageReferences_AsManyAsMappings_Holds()
    {
        vm.Vm.Touch(Gfn(4));
        new PageReferences().AtEnd(vm.Kvm);
        vm.Holds();
    }

    [Fact]
    public void PageReferences_OneKept_Violates()
    {
        Frame page = vm.Kvm.Mm.Memory.FrameAt(vm.Kvm.Mm.Peek(Hva.OfPage(4)).Pfn);
        vm.Kvm.Mm.Memory.Get(vm.Cpu, page).GetResult();
        new PageReferences().AtEnd(vm.Kvm);
        vm.Violates("PageReferences", $"pfn {page.Pfn} has 2 references and 1 mappings");
    }

    [Fact]
    public void TableAccounting_LinkedOrCached_Holds()
    {
        new TableAccounting().AtEnd(vm.Kvm);
        vm.Vm.Touch(Gfn(4));
        vm.Vm.Touch(Gfn(5));
        new TableAccounting().AtEnd(vm.Kvm);
        vm.Holds();
    }

    [Fact]
    public void TableAccounting_Lost_Violates()
    {
        vm.Vm.Touch(Gfn(4));
        vm.Kvm.Machine.Memory.AllocatePage("lost", BlockKind.Static);
        new TableAccounting().AtEnd(vm.Kvm);
        vm.Violates("TableAccounting", "4 page-table pages are allocated, 3 are linked or cached");
    }

    [Fact]
    public void TableAccounting_LinkedTwice_Violates()
    {
        vm.Vm.Touch(Gfn(4));
        vm.Kvm.Arch.Roots[0].Words[1] = vm.Kvm.Arch.Roots[0].Words[0];
        new TableAccounting().AtEnd(vm.Kvm);
        vm.Violates("TableAccounting", "a page-table page of level 1 that is linked is linked twice");
    }

    [Fact]
    public void TableAccounting_LinkedAndFree_Violates()
    {
        vm.Vm.Touch(Gfn(4));
        Assert.True(vm.Kvm.Arch.TryDecodeTable(vm.Kvm.Arch.Roots[0].Words[0], vm.Kvm.Arch.Geometry.RootLevel, out ulong frame));
        vm.Kvm.Machine.Memory.FreePage(vm.Cpu, vm.Kvm.Machine.Memory.PageAt(frame)!);
        new TableAccounting().AtEnd(vm.Kvm);
        vm.Violates("TableAccounting", "a page-table page of level 1 that is linked is free");
    }
}
