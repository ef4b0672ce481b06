using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>The defects of the 2014 posting that one CPU is enough for.</summary>
public sealed class Arm64Of2014Tests
{
    private const int Small = 4096;

    [Fact]
    public void Unmap_BelowTheSecondRootTable_FreesItWhileItIsInUse() // A14-1
    {
        TestVm vm = Vm(Stage2Geometry.Of(Small, 48, 40));
        ulong upper = 1UL << 27; // two puds of 2^27 frames
        vm.Set(0, upper, 1, hvaPage: 3);
        Assert.Equal(0, vm.Fault(upper));
        Assert.Equal(1UL, TablePages.Peek(vm.Kvm.Arch.Roots[1]));
        vm.Invalidate(3);

        Assert.True(vm.Kvm.Arch.Roots[1].IsFreed);
        Assert.False(vm.Kvm.Arch.Roots[0].IsFreed);
    }

    [Fact]
    public void Unmap_BelowTheFirstRootTable_KeepsIt()
    {
        TestVm vm = Vm(Stage2Geometry.Of(Small, 48, 40));
        vm.Set(0, 5, 1, hvaPage: 3);
        Assert.Equal(0, vm.Fault(5));
        vm.Invalidate(3);
        Assert.False(vm.Kvm.Arch.Roots[0].IsFreed);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void ChangePte_WithoutAPud_DereferencesNull() // A14-2
    {
        TestVm vm = Vm(Stage2Geometry.Of(Small, 48, 48));
        vm.Set(0, 5, 1, hvaPage: 3);
        vm.Start(3);
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(3), vm.Mm.Peek(Hva.OfPage(3))).GetResult();
        Assert.Equal(MmuInvariants.NoKernelWarning, vm.Machine.Violation?.Invariant);
    }

    [Theory]
    [InlineData(Small, 48, 48)] // behind a WARN_ON
    [InlineData(65536, 48, 47)] // and without one
    public void Fault_OnMoreLevelsThanPagesInTheCache_TakesOneThatIsNotThere(int pageSize, int vaBits, int physBits) // A14-4
    {
        TestVm vm = Vm(Stage2Geometry.Of(pageSize, vaBits, physBits));
        vm.Machine.Ignored = [MmuInvariants.NoKernelWarning];
        vm.Set(0, 5, 1, hvaPage: 3);
        Assert.Throws<MachineStoppedException>(() => vm.Fault(5));
        Assert.Equal(MachineInvariants.CacheUnderrun, vm.Machine.Violation?.Invariant);
    }

    [Theory]
    [InlineData(39)]
    [InlineData(48)]
    public void Ioremap_MapsEachPage_AndRefusesWhatIsMapped(int vaBits)
    {
        TestVm vm = Vm(Stage2Geometry.Of(Small, vaBits, 40));
        var arm = (Arm64Of2014)vm.Kvm.Arch;
        Assert.Equal(0, arm.PhysAddrIoremap(vm.Cpu, new Gpa(0x8000), new Pfn(77), 0x2000, writable: true).GetResult());
        Assert.Equal((new Pfn(77), new Pfn(78)), (vm.Pte(8).Pfn, vm.Pte(9).Pfn));
        Assert.True(vm.Pte(8).AllowsWrite);
        Assert.Equal(-Errno.EFAULT, arm.PhysAddrIoremap(vm.Cpu, new Gpa(0x9000), new Pfn(1), 0x1000, writable: false).GetResult());
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void UpdateVttbr_GivesEachVmAVmidOfItsOwn()
    {
        TestVm vm = Vm(Stage2Geometry.Of(Small, 39, 40));
        var other = new Kvm(vm.Machine, vm.Mm, vm.Kvm.Parameters, MmuArchitectures.Arm64Of2014, vm.Kvm.Host);
        Vcpu second = other.CreateVcpu(vm.Kvm.HostCpus[1]);
        vm.Vcpu.EnterGuest(vm.Cpu).GetResult();
        ulong first = vm.Vcpu.HostCpu.GuestTag;
        vm.Vcpu.LeaveGuest(vm.Cpu).GetResult();
        second.EnterGuest(vm.Cpu).GetResult();
        Assert.NotEqual(first, second.HostCpu.GuestTag);
        second.LeaveGuest(vm.Cpu).GetResult();
        Assert.Null(vm.Machine.Violation);
    }

    [Fact]
    public void HypMappings_OfVmAndVcpus_AreCountedAndFreed()
    {
        var vm = new TestVm(MmuArchitectures.Arm64Of2014, new KvmParameters { Stage2 = Stage2Geometry.Of(Small, 48, 40), HasHypMappings = true });
        HypMappings hyp = ((Arm64Of2014)vm.Kvm.Arch).Hyp!;
        Assert.Equal(2UL, TablePages.Peek(hyp.Root!)); // one pud, for the VM and its vCPU
        hyp.Free(vm.Cpu).GetResult();
        Assert.Null(hyp.Root);
        vm.AssertDestroysCleanly();
    }

    [Fact]
    public void HypMappings_OutOfMemoryHalfWay_AreFreedAllTheSame()
    {
        var machine = new NativeMachine(srcuShards: 1, wordsPerPage: 4);
        NativeCpu cpu = machine.AddCpu("cpu0");
        var tables = new TablePages(machine.Memory);
        var hyp = new HypMappings(machine, levels: 4, entriesPerTable: 4, tables);
        tables.FailAfter = 4; // pud, pmd, pte of the first three pages; the fourth page needs a pte table
        Assert.Equal(-Errno.ENOMEM, hyp.Create(cpu, from: 1, pages: 8).GetResult());
        Assert.Equal(1 + 4, machine.Memory.AllocatedPages);
        hyp.Free(cpu).GetResult();
        Assert.Equal(0, machine.Memory.AllocatedPages);
        Assert.Null(machine.Violation);
    }

    // Without the guard of kvm_pud_table_empty() the table that VTTBR points to is freed, and a reference of the fake pgd's slab is put (A14-3).
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Unmap_OfTheLastPage_FreesThePreallocatedTableOnlyWithoutTheGuard(bool isGuarded, bool frees) // A14-6
    {
        var machine = new NativeMachine(srcuShards: 1, wordsPerPage: 4);
        NativeCpu cpu = machine.AddCpu("cpu0");
        var tables = new TablePages(machine.Memory);
        Block fakePgd = machine.Memory.Allocate("fake pgd", 1, BlockKind.Static);
        Page hwpgd = tables.AllocateOrder("hwpgd", 0)![0];
        Page pte = tables.Allocate("page table")!;
        fakePgd[0].Initialise(ArmMmu.TableEntry(hwpgd));
        hwpgd[0].Initialise(ArmMmu.TableEntry(pte));
        tables.GetPage(cpu, hwpgd).GetResult();
        pte[0].Initialise(ArmMmu.PageEntry(new Pfn(7), 0));
        tables.GetPage(cpu, pte).GetResult();
        var table = new ArmPageTable(machine.Memory, tables, new PageTableGeometry(3, 4), arch: null) { MayFree = level => !isGuarded || level == 0 };

        table.UnmapRange(cpu, index => new TableEntry(fakePgd[index], null), default, new Gfn(1)).GetResult();

        Assert.True(pte.IsFreed);
        Assert.Equal(frees, hwpgd.IsFreed);
        Assert.Equal(frees ? MmuInvariants.NoKernelWarning : null, machine.Violation?.Invariant);
    }

    private static TestVm Vm(Stage2Geometry shape) => new(MmuArchitectures.Arm64Of2014, new KvmParameters { Stage2 = shape });
}
