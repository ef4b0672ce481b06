using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>Every combination of page size, kernel addresses and guest addresses that the 2014 posting allows, built, mapped, unmapped and torn down.</summary>
public sealed class Stage2GeometryTests
{
    private const int Small = 4096;
    private const int Large = 65536;

    public static TheoryData<int, int, int> Allowed
    {
        get
        {
            var data = new TheoryData<int, int, int>();
            foreach ((int pageSize, int vaBits) in new[] { (Small, 39), (Small, 48), (Large, 42), (Large, 48) })
            {
                for (int physBits = 32; physBits <= 48; physBits++)
                {
                    if (IsAllowed(pageSize, vaBits, physBits))
                    {
                        data.Add(pageSize, vaBits, physBits);
                    }
                }
            }

            return data;
        }
    }

    // The four kernels of the posting, by hand: 40 bits of guest address; PGDIR_SHIFT is 30, 39, 29, 42.
    [Theory]
    [InlineData(Small, 39, 3, 1024, 0, 2, 3)] // 8 KiB of pgd
    [InlineData(Small, 48, 4, 2, 1, 2, 3)] // two puds
    [InlineData(Large, 42, 2, 2048, 0, 1, 2)]
    [InlineData(Large, 48, 3, 1, 2, 1, 2)] // one pmd
    public void Of_40BitsOfGuestAddress_IsAsPosted(int pageSize, int vaBits, int levels, int pgdEntries, int preallocLevel, int tables, int hardwareLevels)
    {
        Stage2Geometry geometry = Stage2Geometry.Of(pageSize, vaBits, 40);

        Assert.Equal(
            (levels, pgdEntries, preallocLevel, tables, hardwareLevels),
            (geometry.Levels, geometry.PtrsPerS2Pgd, geometry.PreallocLevel, geometry.ConcatenatedTables, geometry.HardwareLevels));
        Assert.Equal(pageSize == Large ? 1 : 2, geometry.CacheMinPages);
    }

    [Theory]
    [InlineData(16384, 47, 40, "pages of 16384 bytes")]
    [InlineData(Small, 42, 40, "42 bits of virtual address")]
    [InlineData(Large, 39, 40, "39 bits of virtual address")]
    [InlineData(Small, 48, 31, "guest addresses of 31 bits")]
    [InlineData(Small, 48, 49, "guest addresses of 49 bits")]
    [InlineData(Large, 42, 33, "KVM_PREALLOC_LEVEL 3")] // 16 pgd entries on two levels
    [InlineData(Small, 39, 44, "32 tables would have to be concatenated")]
    public void Of_WhatThePatchDoesNotAllow_IsRefused(int pageSize, int vaBits, int physBits, string because) =>
        Assert.Contains(because, Assert.Throws<ArgumentException>(() => Stage2Geometry.Of(pageSize, vaBits, physBits)).Message, StringComparison.Ordinal);

    [Fact]
    public void Allowed_AreNeitherNoneNorAll() => Assert.InRange(Allowed.Count, 40, 67);

    // Each frame is below the first of the hardware's root tables, whose references are right (A14-1 is about the others).
    [Theory]
    [MemberData(nameof(Allowed))]
    public void Vm_MappedUnmappedAndTornDown_LeavesNothingAndCountsRight(int pageSize, int vaBits, int physBits)
    {
        TestVm vm = Vm(pageSize, vaBits, physBits);
        var arm = (Arm64Of2014)vm.Kvm.Arch;
        int atFirst = vm.Machine.Memory.AllocatedPages;
        Assert.Equal(arm.Shape.ConcatenatedTables, atFirst);
        ulong last = Math.Min(arm.GpaFrames, (ulong)arm.Geometry.EntriesPerTable * arm.Geometry.FramesPerEntry(arm.Geometry.RootLevel)) - 2;
        ulong[] frames = [0, 1, last];
        Assert.Equal(0, vm.Set(0, 0, 2, hvaPage: 0));
        Assert.Equal(0, vm.Set(1, last, 1, hvaPage: 2));
        if (TablesBelowTheRoot(arm.Shape) > arm.Shape.CacheMinPages)
        {
            Assert.Throws<MachineStoppedException>(() => vm.Fault(0)); // A14-2 and A14-4: see Arm64Of2014Tests
            return;
        }

        foreach (ulong frame in frames)
        {
            Assert.Equal(0, vm.Fault(frame, write: true));
            Assert.True(vm.Pte(frame).AllowsWrite);
        }

        AssertCounts(vm, arm.Roots[0], arm.Geometry.RootLevel, isRoot: true);
        vm.Invalidate(0);
        Assert.False(vm.Pte(0).Present);
        Assert.True(vm.Pte(1).Present && vm.Pte(last).Present);
        AssertCounts(vm, arm.Roots[0], arm.Geometry.RootLevel, isRoot: true);
        vm.Invalidate(1, 2);
        Assert.Equal(1UL, TablePages.Peek(arm.Roots[0]));
        Assert.Equal(atFirst + vm.Vcpu.MmuPageCache.Count, vm.Machine.Memory.AllocatedPages); // every table below the root is gone
        Assert.Equal(0, vm.Fault(last));
        vm.AssertDestroysCleanly();
    }

    // Error unwinding: each allocation of kvm_arch_init_vm() fails once.
    [Theory]
    [MemberData(nameof(Allowed))]
    public void InitVm_WithoutMemory_LeavesNothing(int pageSize, int vaBits, int physBits)
    {
        for (int pages = 0; ; pages++)
        {
            var vm = new BareVm(Stage2Geometry.Of(pageSize, vaBits, physBits), pages);
            if (vm.Arm.InitError == 0)
            {
                Assert.True(pages >= 2); // the root, and what the hypervisor needs
                break;
            }

            Assert.Equal(-Errno.ENOMEM, vm.Arm.InitError);
            Assert.Empty(vm.Arm.Roots);
            vm.Arm.Hyp?.Free(vm.Machine.SetupCpu).GetResult();
            Assert.Equal(0, vm.Machine.Memory.AllocatedPages);
            Assert.Null(vm.Machine.Violation);
        }
    }

    private static int TablesBelowTheRoot(Stage2Geometry shape) => shape.Levels - 1 - (shape.PreallocLevel > 0 ? 1 : 0);

    private static bool IsAllowed(int pageSize, int vaBits, int physBits)
    {
        try
        {
            Stage2Geometry.Of(pageSize, vaBits, physBits);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static TestVm Vm(int pageSize, int vaBits, int physBits) =>
        new(MmuArchitectures.Arm64Of2014, new KvmParameters { Stage2 = Stage2Geometry.Of(pageSize, vaBits, physBits) });

    // page_count(table) is one more than its entries in use.
    private static void AssertCounts(TestVm vm, Page table, int level, bool isRoot)
    {
        int used = table.Words.Count(entry => entry != 0);
        Assert.True(isRoot || used > 0);
        Assert.Equal(1 + (ulong)used, TablePages.Peek(table));
        for (int i = 0; level > 0 && i < table.Length; i++)
        {
            if (vm.Kvm.Arch.TryDecodeTable(table.Words[i], level, out ulong frame))
            {
                AssertCounts(vm, vm.Machine.Memory.PageAt(frame)!, level - 1, isRoot: false);
            }
        }
    }

    private sealed class BareVm
    {
        public BareVm(Stage2Geometry shape, int pages)
        {
            Machine = new NativeMachine(srcuShards: 1, wordsPerPage: 1 << shape.Stride);
            var parameters = new KvmParameters { Stage2 = shape, TablePagesBeforeFailure = pages, HasHypMappings = pages > 0 };
            Arm = (Arm64Of2014)new Kvm(Machine, new HostMm(Machine, 1), parameters, MmuArchitectures.Arm64Of2014).Arch;
        }

        public NativeMachine Machine { get; }

        public Arm64Of2014 Arm { get; }
    }
}
