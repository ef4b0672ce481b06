using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>What the postings do alike, and each of their defects that needs no second CPU to be seen.</summary>
public sealed class LoongArchTests
{
    public static TheoryData<string> All { get; } = [.. MmuArchitectures.OfLoongArch.Select(architecture => architecture.Name)];

    [Theory]
    [MemberData(nameof(All))]
    public void Fault_Read_MapsWhatTheHostMaps(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, 8);
        Assert.Equal(0, vm.Fault(5));
        Assert.Equal(new LeafEntry(Present: true, Young: true, Writable: true, Dirty: true, vm.HostPfn(9)), vm.Pte(5) with { Dirty = true });
        Assert.False(vm.Pte(5).Dirty);
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Fault_WriteAfterRead_TakesTheFastPath(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, 8);
        vm.Fault(5);
        Assert.Equal(0, vm.Fault(5, write: true));
        Assert.True(vm.Pte(5).AllowsWrite);
        Assert.Equal(2, vm.Seen.Ptes.Count);
        Assert.Equal(1UL, vm.Mm.Memory.FrameAt(vm.HostPfn(9)).RefCount.Peek);
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Fault_OldEntry_MakesItYoung(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, 8);
        vm.Fault(5);
        vm.ClearYoung(9);
        Assert.False(vm.Pte(5).AllowsRead);
        Assert.Equal(0, vm.Fault(5));
        Assert.True(vm.Pte(5).AllowsRead);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Fault_NoSlot_IsMmio(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, 8);
        Assert.Equal(-Errno.EFAULT, vm.Fault(3));
        Assert.Equal(-Errno.EFAULT, vm.Fault(12, write: true));
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Fault_ReadOnlySlot_ReadsButDoesNotWrite(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, 8, MemslotFlags.ReadOnly);
        Assert.Equal(0, vm.Fault(5));
        Assert.False(vm.Pte(5).Writable);
        Assert.Equal(-Errno.EFAULT, vm.Fault(5, write: true));
        Assert.False(vm.Pte(5).AllowsWrite);
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Fault_BeyondTheHostsMemory_FailsAndHoldsNothing(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, TestVm.HostPages - 4);
        Assert.Equal(-Errno.EFAULT, vm.Fault(8));
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Fault_WriteToACopyOnWritePage_MapsTheCopy(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, 8);
        vm.Mm.Unmap(vm.Cpu, HvaRange.OfPages(9, 1)).GetResult();
        vm.Fault(5);
        Assert.Equal(vm.Mm.Memory.ZeroPage.Pfn, vm.Pte(5).Pfn);
        Assert.Equal(0, vm.Fault(5, write: true));
        Assert.NotEqual(vm.Mm.Memory.ZeroPage.Pfn, vm.Pte(5).Pfn);
        Assert.Equal(vm.HostPfn(9), vm.Pte(5).Pfn);
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Guest_WritesAndReads_ThroughTlbAndTables(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 4, 8, 8);
        Assert.True(vm.Vcpu.GuestWrite(vm.Cpu, new Gfn(5).Gpa, 42).GetResult().IsDone);
        Assert.Equal(42UL, vm.Vcpu.GuestRead(vm.Cpu, new Gfn(5).Gpa).GetResult().Value);
        Assert.Equal(42UL, vm.Mm.HostRead(vm.Cpu, Hva.OfPage(9)).GetResult());
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Destroy_ManyMappings_LeavesNoPage(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 16, 0);
        vm.Set(1, 48, 16, 16, MemslotFlags.LogDirtyPages);
        for (ulong gfn = 0; gfn < 64; gfn++)
        {
            vm.Fault(gfn, write: (gfn & 1) != 0);
        }

        vm.AssertDestroysCleanly();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Destroy_AfterExitMm_LeavesNoPage(string architecture)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 16, 0);
        vm.Fault(3, write: true);
        vm.Mm.Release(vm.Cpu).GetResult();
        Assert.False(vm.Pte(3).Present);
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [InlineData(2, 8)]
    [InlineData(3, 4)]
    [InlineData(4, 2)]
    [InlineData(3, 512)]
    public void Unmap_AnyRange_ZapsExactlyThatRange(int levels, int entries)
    {
        foreach (string architecture in (string[])[Architectures.V20, Architectures.Merged, Architectures.Mended])
        {
            for (ulong start = 0; start < 16; start++)
            {
                for (ulong end = start + 1; end <= 16; end++)
                {
                    TestVm vm = Architectures.Vm(architecture, new KvmParameters { Levels = levels, EntriesPerTable = entries });
                    vm.Set(0, 0, 16, 0);
                    for (ulong gfn = 0; gfn < 16; gfn++)
                    {
                        vm.Fault(gfn);
                    }

                    vm.Invalidate(start, end - start);
                    for (ulong gfn = 0; gfn < 16; gfn++)
                    {
                        Assert.Equal(gfn < start || gfn >= end, vm.Pte(gfn).Present);
                    }

                    vm.AssertDestroysCleanly();
                }
            }
        }
    }

    [Theory] // LA3-1
    [InlineData(Architectures.V3, false)]
    [InlineData(Architectures.V20, true)]
    [InlineData(Architectures.Merged, true)]
    public void Unmap_OneFrame_SparesTheNeighbour(string architecture, bool spares)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Fault(2);
        vm.Invalidate(1);
        Assert.False(vm.Pte(1).Present);
        Assert.Equal(spares, vm.Pte(2).Present);
    }

    [Theory] // LA3-1
    [InlineData(Architectures.V3, true)]
    [InlineData(Architectures.V20, false)]
    [InlineData(Architectures.Merged, false)]
    public void Age_OneFrame_IsYoungBecauseOfTheNeighbour(string architecture, bool young)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Fault(2);
        vm.ClearYoung(1);
        vm.Fault(2);
        Assert.Equal(young, vm.ClearYoung(1));
        Assert.Equal(!young, vm.Pte(2).Young);
    }

    [Fact] // LA3-1: where the range ends with a table, too
    public void Unmap_V3AtTheEndOfATable_ReachesIntoTheNext()
    {
        TestVm vm = Architectures.Vm(Architectures.V3);
        vm.Set(0, 0, 8, 0);
        vm.Fault(3);
        vm.Fault(4);
        vm.Invalidate(3);
        Assert.False(vm.Pte(4).Present);
    }

    [Theory] // LA3-1: the exclusive end of the last frame wraps to index 0, and the walk is over before it begins
    [InlineData(Architectures.V3, true)]
    [InlineData(Architectures.V20, false)]
    [InlineData(Architectures.Merged, false)]
    public void Unmap_TheLastFrameOfAll_LeavesItMapped(string architecture, bool leaves)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 56, 8, 0);
        vm.Fault(63);
        vm.Invalidate(7);
        Assert.Equal(leaves, vm.Pte(63).Present);
    }

    [Theory] // LA3-9
    [InlineData(Architectures.V3, MachineInvariants.CacheUnderrun)]
    [InlineData(Architectures.V20, null)]
    [InlineData(Architectures.Merged, null)]
    public void Fault_FourLevels_NeedsThreeTables(string architecture, string? violation)
    {
        TestVm vm = Architectures.Vm(architecture, new KvmParameters { Levels = 4, EntriesPerTable = 4 });
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        Assert.Equal(3, vm.Seen.TablesLinked);
        Assert.Equal(violation, vm.Machine.Violation?.Invariant);
    }

    [Theory] // LA20-6, LA3-2: freed before the flush
    [InlineData(Architectures.V20, 1)]
    [InlineData(Architectures.Merged, 0)]
    public void Unmap_AWholeTable_FreesIt(string architecture, int freed)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Invalidate(0, 4);
        Assert.Equal((freed, freed), (vm.Seen.TablesFreed, vm.Seen.TablesFreedBeforeFlush));
        vm.AssertDestroysCleanly();
    }

    [Theory] // LA20-4
    [InlineData(Architectures.V3, 2)]
    [InlineData(Architectures.V20, 2)]
    [InlineData(Architectures.Merged, 0)]
    public void DeleteSlot_ATableOfItsOwn_IsFreedBeforeTheFlush(string architecture, int freedBeforeFlush)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 16, 0);
        vm.Fault(1);
        vm.Delete(0);
        Assert.Equal((1, 2, freedBeforeFlush), (vm.Seen.Flushes, vm.Seen.TablesFreed, vm.Seen.TablesFreedBeforeFlush));
    }

    [Fact] // LA20-5
    public void Unmap_V20EmptyTable_FreesItWithoutFlush()
    {
        TestVm vm = Architectures.Vm(Architectures.V20);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Invalidate(1);
        Assert.Equal(1, vm.Seen.Flushes);
        vm.Invalidate(0, 4);
        Assert.Equal((1, 1), (vm.Seen.Flushes, vm.Seen.TablesFreed));
    }

    [Theory] // LA-U2
    [InlineData(Architectures.Merged, 1)]
    [InlineData(Architectures.Mended, 2)]
    public void DeleteSlot_EmptyTable_FreesItWithOrWithoutFlush(string architecture, int flushes)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 16, 0);
        vm.Fault(1);
        vm.Invalidate(1);
        vm.Delete(0);
        Assert.Equal((flushes, 2), (vm.Seen.Flushes, vm.Seen.TablesFreed));
        vm.AssertDestroysCleanly();
    }

    [Theory] // LA-U4
    [InlineData(Architectures.V20, true)]
    [InlineData(Architectures.Merged, false)]
    [InlineData(Architectures.Mended, true)]
    public void DeleteSlot_Mapped_FlushesBeforeMmuLockIsDropped(string architecture, bool underLock)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Delete(0);
        Assert.Equal((1, underLock), (vm.Seen.Flushes, vm.Seen.FlushedUnderMmuLock));
    }

    [Theory] // LA20-7
    [InlineData(Architectures.V3, false)]
    [InlineData(Architectures.V20, false)]
    [InlineData(Architectures.Merged, false)]
    [InlineData(Architectures.Mended, true)]
    public void Release_TakesMmuLock(string architecture, bool takes)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 8, 0);
        vm.Cpu.Lock(vm.Kvm.MmuLock).GetResult();
        bool took = false;
        try
        {
            vm.Notifier.Release(vm.Cpu).GetResult();
        }
        catch (MachineStoppedException)
        {
            took = true; // it would wait for itself
        }

        Assert.Equal(takes, took);
    }

    [Theory] // LA20-9
    [InlineData(Architectures.V3, true)]
    [InlineData(Architectures.V20, true)]
    [InlineData(Architectures.Merged, false)]
    public void ChangePte_AbsentEntry_InstallsIt(string architecture, bool installs)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Start(1);
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(1), HostPte.Of(vm.HostPfn(9), writable: false)).GetResult();
        Assert.Equal(installs, vm.Pte(1).Present);
        vm.End(1);
        Assert.Equal(installs ? vm.HostPfn(9) : new Pfn(0), vm.Pte(1).Pfn);
    }

    [Theory] // LA20-10
    [InlineData(Architectures.V3, true)]
    [InlineData(Architectures.V20, true)]
    [InlineData(Architectures.Merged, false)]
    public void ChangePte_LoggedReadOnlySlot_LetsTheGuestWrite(string architecture, bool writes)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 8, 0, MemslotFlags.ReadOnly | MemslotFlags.LogDirtyPages);
        vm.Fault(1);
        vm.Start(1);
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(1), HostPte.Of(vm.HostPfn(9), writable: true)).GetResult();
        vm.End(1);
        Assert.Equal(writes ? 0 : -Errno.EFAULT, vm.Fault(1, write: true));
        Assert.Equal(writes, vm.Pte(1).AllowsWrite);
    }

    [Theory] // LA20-12: the host's _PAGE_MODIFIED makes the write-protected entry look dirty to the fast path, which then has nothing to do
    [InlineData(Architectures.V3, 0)]
    [InlineData(Architectures.V20, 0)]
    [InlineData(Architectures.Merged, -Errno.EFAULT)]
    public void ChangePte_ReadOnlySlot_HasWritesFaultForEver(string architecture, int result)
    {
        TestVm vm = Architectures.Vm(architecture);
        vm.Set(0, 0, 8, 0, MemslotFlags.ReadOnly);
        vm.Fault(1);
        vm.Start(1);
        vm.Notifier.ChangePte(vm.Cpu, Hva.OfPage(1), HostPte.Of(vm.HostPfn(9), writable: true)).GetResult();
        vm.End(1);
        Assert.Equal(result, vm.Fault(1, write: true));
        Assert.False(vm.Pte(1).AllowsWrite);
    }

    [Theory] // LA20-11
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void SetSpte_V20OldEntry_AsksForNoFlush(bool old, bool flushes)
    {
        TestVm vm = Architectures.Vm(Architectures.V20);
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        if (old)
        {
            vm.ClearYoung(1);
        }

        vm.WithMmuLock(() => Assert.Equal(flushes, SetSpte(vm, 1, HostPte.Of(vm.HostPfn(9), writable: true))));
        Assert.Equal(vm.HostPfn(9), vm.Pte(1).Pfn);
    }

    [Fact] // LA20-12
    public void SetSpte_V20DirtyEntryOfALoggedSlot_StaysWritable()
    {
        TestVm vm = Architectures.Vm(Architectures.V20);
        vm.Set(0, 0, 8, 0, MemslotFlags.LogDirtyPages);
        vm.Fault(1, write: true);
        vm.WithMmuLock(() => SetSpte(vm, 1, HostPte.Of(vm.HostPfn(9), writable: true)));
        Assert.True(vm.Pte(1).AllowsWrite);
    }

    [Theory] // LA20-15
    [InlineData(Architectures.V3, true)]
    [InlineData(Architectures.V20, true)]
    [InlineData(Architectures.Merged, false)]
    public void ClearDirtyLog_TwoPagesApart_ProtectsWhatLiesBetween(string architecture, bool protectsAll)
    {
        TestVm vm = Architectures.Vm(architecture, new KvmParameters { EntriesPerTable = 4, ManualProtect = true });
        vm.Set(0, 0, 8, 0, MemslotFlags.LogDirtyPages);
        vm.Fault(1, write: true);
        vm.Fault(3, write: true);
        vm.Fault(6, write: true);
        vm.Kvm.ClearDirtyLog(vm.Cpu, 0, 0, 8, [(1UL << 1) | (1UL << 6)]).GetResult();
        Assert.False(vm.Pte(1).Dirty);
        Assert.Equal(!protectsAll, vm.Pte(3).Dirty);
        Assert.False(vm.Pte(6).Dirty);
    }

    [Fact]
    public void CommitMemoryRegion_MergedReadOnlySlot_DoesNotTrack()
    {
        TestVm vm = Architectures.Vm(Architectures.Merged);
        vm.Set(0, 0, 8, 0, MemslotFlags.ReadOnly);
        vm.Fault(1);
        vm.Set(0, 0, 8, 0, MemslotFlags.ReadOnly | MemslotFlags.LogDirtyPages);
        Assert.Equal(0, vm.Seen.Flushes);
    }

    [Fact]
    public void Registry_Names_AreThoseOfTheMmus()
    {
        foreach (MmuArchitecture architecture in MmuArchitectures.OfLoongArch)
        {
            Assert.Equal(architecture.Name, Architectures.Vm(architecture.Name).Kvm.Arch.Name);
        }

        Assert.Null(MmuArchitectures.Find("x87"));
    }

    private static bool SetSpte(TestVm vm, ulong gfn, HostPte pte) =>
        vm.Kvm.Arch.SetSpteGfn(vm.Cpu, new KvmGfnRange(vm.Slot(gfn), new GfnRange(new Gfn(gfn), new Gfn(gfn + 1)), Pte: pte)).GetResult();
}
