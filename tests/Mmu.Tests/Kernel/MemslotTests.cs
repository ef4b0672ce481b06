namespace MmuStress.Mmu.Tests;

public sealed class MemslotTests
{
    private readonly TestVm vm = Architectures.Vm(Architectures.V20);

    private ulong Generation => vm.Kvm.PeekMemslots().Generation.Peek;

    [Fact]
    public void Create_IsFoundByItsFrames()
    {
        Assert.Equal(0, vm.Set(0, 4, 8, 8));
        Assert.Null(vm.Slot(3));
        Assert.Equal(Hva.OfPage(8), vm.Slot(4).HvaOf(vm.Cpu, new Gfn(4)));
        Assert.Equal(Hva.OfPage(15), vm.Slot(11).HvaOf(vm.Cpu, new Gfn(11)));
        Assert.Null(vm.Slot(12));
        Assert.Equal(8UL, vm.Kvm.NrMemslotPages.Peek);
    }

    [Fact]
    public void Create_InAnyOrder_KeepsTheSetSorted()
    {
        vm.Set(0, 16, 4, 0);
        vm.Set(1, 0, 4, 4);
        vm.Set(2, 8, 4, 8);
        Assert.Equal([1, 2, 0], vm.Kvm.PeekMemslots().Peek().Select(slot => slot.Peek().Id));
        Assert.Equal(2, vm.Slot(9).Id(vm.Cpu));
    }

    [Fact]
    public void Create_SwapsOnce_AndTheOtherSetFollows()
    {
        vm.Set(0, 4, 8, 8);
        Assert.Equal(1UL, Generation);
        MemslotSet first = vm.Kvm.PeekMemslots();
        vm.Set(1, 16, 4, 0);
        Assert.Equal(2UL, Generation);
        Assert.NotSame(first, vm.Kvm.PeekMemslots());
        Assert.Equal(first.Peek(), vm.Kvm.PeekMemslots().Peek());
    }

    [Fact]
    public void Delete_SwapsTwice_ZapsAndFrees()
    {
        vm.Set(0, 4, 8, 8);
        vm.Fault(5);
        Memslot slot = vm.Slot(5);
        Assert.Equal(0, vm.Delete(0));
        Assert.Equal(3UL, Generation);
        Assert.False(vm.Pte(5).Present);
        Assert.Equal(1, vm.Seen.Flushes);
        Assert.True(slot.IsFreed);
        Assert.Null(vm.Slot(5));
        Assert.Equal(0UL, vm.Kvm.NrMemslotPages.Peek);
    }

    [Fact]
    public void Delete_OfAFreedSlotsReader_IsAUseAfterFree()
    {
        vm.Set(0, 4, 8, 8);
        Memslot slot = vm.Slot(5);
        vm.Delete(0);
        slot.Flags(vm.Cpu);
        Assert.Equal(MmuInvariants.SlotLifetime, vm.Machine.Violation!.Invariant);
    }

    [Fact]
    public void Move_ZapsTheOldFrames_AndMapsTheNew()
    {
        vm.Set(0, 4, 8, 8);
        vm.Fault(4);
        Assert.Equal(0, vm.Set(0, 32, 8, 8));
        Assert.Equal(MemslotChange.Move, vm.Seen.Commits[^1]);
        Assert.False(vm.Pte(4).Present);
        Assert.Equal(-Errno.EFAULT, vm.Fault(4));
        Assert.Equal(0, vm.Fault(32));
        Assert.Equal(vm.HostPfn(8), vm.Pte(32).Pfn);
        Assert.Equal(8UL, vm.Kvm.NrMemslotPages.Peek);
    }

    [Fact]
    public void Move_ByLessThanItsSize_DoesNotOverlapItself() =>
        Assert.Equal((0, 0), (vm.Set(0, 4, 8, 8), vm.Set(0, 6, 8, 8)));

    [Fact]
    public void Flags_LoggingOn_WriteProtectsAndFlushes()
    {
        vm.Set(0, 4, 8, 8);
        vm.Fault(5, write: true);
        Assert.Equal(0, vm.Set(0, 4, 8, 8, MemslotFlags.LogDirtyPages));
        Assert.Equal(MemslotChange.FlagsOnly, vm.Seen.Commits[^1]);
        Assert.True(vm.Pte(5).Present);
        Assert.False(vm.Pte(5).Dirty);
        Assert.Equal(1, vm.Seen.Flushes);
        Assert.Equal(1UL, vm.Kvm.NrMemslotsDirtyLogging.Peek);
        vm.Set(0, 4, 8, 8);
        Assert.Equal(0UL, vm.Kvm.NrMemslotsDirtyLogging.Peek);
    }

    [Fact]
    public void Set_NothingChanges_IsNotAnUpdate()
    {
        vm.Set(0, 4, 8, 8);
        Assert.Equal(0, vm.Set(0, 4, 8, 8));
        Assert.Equal(1UL, Generation);
    }

    [Theory]
    [InlineData(2UL)]
    [InlineData(4UL)]
    [InlineData(11UL)]
    public void Create_Overlapping_IsRefused(ulong gfn)
    {
        vm.Set(0, 4, 8, 8);
        Assert.Equal(-Errno.EEXIST, vm.Set(1, gfn, 3, 16));
        Assert.Equal(1UL, Generation);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(12UL)]
    public void Create_Adjacent_IsAccepted(ulong gfn)
    {
        vm.Set(0, 4, 8, 8);
        Assert.Equal(0, vm.Set(1, gfn, 3, 16));
    }

    [Fact]
    public void Move_OntoAnotherSlot_IsRefused()
    {
        vm.Set(0, 4, 8, 8);
        vm.Set(1, 16, 4, 0);
        Assert.Equal(-Errno.EEXIST, vm.Set(1, 10, 4, 0));
    }

    [Theory]
    [InlineData(4UL, 8UL, 9UL, MemslotFlags.None)] // another host address
    [InlineData(4UL, 7UL, 8UL, MemslotFlags.None)] // another size
    [InlineData(4UL, 8UL, 8UL, MemslotFlags.ReadOnly)] // read-only cannot be changed
    [InlineData(4UL, 8UL, 8UL, MemslotFlags.Invalid)] // only KVM sets this one
    [InlineData(60UL, 5UL, 8UL, MemslotFlags.None)] // beyond the guest's physical address space
    [InlineData(64UL, 1UL, 8UL, MemslotFlags.None)]
    public void Set_ImpossibleChange_IsRefused(ulong gfn, ulong pageCount, ulong hvaPage, MemslotFlags flags)
    {
        vm.Set(0, 4, 8, 8);
        Assert.Equal(-Errno.EINVAL, vm.Set(0, gfn, pageCount, hvaPage, flags));
        Assert.Equal(1UL, Generation);
    }

    [Fact]
    public void Set_MalformedRegion_IsRefused()
    {
        Assert.Equal(-Errno.EINVAL, vm.Delete(0)); // there is none
        Assert.Equal(-Errno.EINVAL, vm.Set(new(0, MemslotFlags.None, new Gpa(0x1234), 0x1000, new Hva(0))));
        Assert.Equal(-Errno.EINVAL, vm.Set(new(0, MemslotFlags.None, new Gpa(0x1000), 0x1001, new Hva(0))));
        Assert.Equal(-Errno.EINVAL, vm.Set(new(0, MemslotFlags.None, new Gpa(0x1000), 0x1000, new Hva(1))));
        Assert.Equal(-Errno.EINVAL, vm.Set(new(0, MemslotFlags.None, new Gpa(ulong.MaxValue - 0xfff), 0x2000, new Hva(0)))); // wraps
        Assert.Equal(-Errno.EINVAL, vm.Set(new(0, MemslotFlags.None, new Gpa(0), 0x2000, new Hva(ulong.MaxValue - 0xfff))));
        Assert.Equal(-Errno.EINVAL, vm.Set(new(-1, MemslotFlags.None, new Gpa(0), 0x1000, new Hva(0))));
        Assert.Equal(-Errno.EINVAL, vm.Set(new(0, MemslotFlags.None, new Gpa(0), 0x1000, new Hva(0), AddressSpace: 1)));
        Assert.Null(vm.Machine.Violation);
        Assert.Equal(0UL, Generation);
    }

    // The checks at the beginning of __kvm_set_memory_region(), each from both sides of its boundary where the address space is large enough.
    [Theory]
    [InlineData(0UL, ulong.MaxValue - 0xfff, 0UL)] // all but the last page: 2^52 - 1 pages are more than KVM_MEM_MAX_NR_PAGES
    [InlineData(ulong.MaxValue - 0xfff, 0x1000UL, 0UL)] // the last page of the address space: its end is 0
    [InlineData(ulong.MaxValue - 0xfff, 0x2000UL, 0UL)] // wraps
    [InlineData(ulong.MaxValue - 0x1fff, 0x1000UL, 0UL)] // the last but one: beyond the guest's address space
    [InlineData(0x4_0000UL, 0x1000UL, 0UL)] // the first page after the guest's 64
    [InlineData(0UL, 0x1000UL, ulong.MaxValue - 0xfff)] // the last host page
    [InlineData(0UL, 0x2000UL, ulong.MaxValue - 0xfff)]
    [InlineData(0x800UL, 0x1000UL, 0UL)]
    [InlineData(0UL, 0x800UL, 0UL)]
    [InlineData(0UL, 0x1000UL, 0x800UL)]
    public void Create_RegionOutsideWhatThereIs_IsRefused(ulong gpa, ulong size, ulong hva)
    {
        Assert.Equal(-Errno.EINVAL, vm.Set(new(0, MemslotFlags.None, new Gpa(gpa), size, new Hva(hva))));
        Assert.Empty(vm.Kvm.PeekMemslots().Peek());
        Assert.Null(vm.Machine.Violation);
    }

    [Theory]
    [InlineData(0x3_f000UL, 0x1000UL, 0x1000UL)] // the last page of the guest's address space
    [InlineData(0UL, 0x4_0000UL, 0UL)] // all of it
    [InlineData(0UL, 0x1000UL, ulong.MaxValue - 0x1fff)] // the last host page but one
    public void Create_RegionAtTheEdge_IsAccepted(ulong gpa, ulong size, ulong hva)
    {
        Assert.Equal(0, vm.Set(new(0, MemslotFlags.None, new Gpa(gpa), size, new Hva(hva))));
        ulong last = ((gpa + size) >> PageSize.Shift) - 1;
        int expected = hva + size <= TestVm.HostPages * PageSize.Bytes ? 0 : -Errno.EFAULT;
        Assert.Equal(size > TestVm.HostPages * PageSize.Bytes ? -Errno.EFAULT : expected, vm.Fault(last));
        Assert.Equal(0, vm.Delete(0));
        vm.AssertDestroysCleanly();
    }

    [Theory]
    [InlineData(Architectures.V3)]
    [InlineData(Architectures.V20)]
    [InlineData(Architectures.Merged)]
    [InlineData(Architectures.Mended)]
    public void Create_LastPageOfTheGuest_IsMappedAndUnmapped(string mmu)
    {
        TestVm last = Architectures.Vm(mmu);
        last.Set(0, 63, 1, 5);
        Assert.Equal(0, last.Fault(63, write: true));
        last.Invalidate(5);
        Assert.Equal(string.Equals(mmu, Architectures.V3, StringComparison.Ordinal), last.Pte(63).Present); // LA3-1: none, where the end is not in the table
        last.Delete(0);
        last.AssertDestroysCleanly();
    }

    [Theory]
    [InlineData(1UL << 31, -Errno.EINVAL)]
    [InlineData((1UL << 31) - 1, 0)] // KVM_MEM_MAX_NR_PAGES
    public void Create_PagesUpToKvmMemMaxNrPages_AreAccepted(ulong pageCount, int expected)
    {
        TestVm wide = Architectures.Vm(Architectures.Mended, new KvmParameters { Levels = 4 });
        Assert.Equal(expected, wide.Set(0, 0, pageCount, 0));
        Assert.Null(wide.Machine.Violation);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(32766, 0)]
    [InlineData(32767, -Errno.EINVAL)] // KVM_MEM_SLOTS_NUM
    [InlineData(-1, -Errno.EINVAL)]
    public void Create_Number_IsBelowKvmMemSlotsNum(int slot, int expected) => Assert.Equal(expected, vm.Set(slot, 0, 1, 0));

    [Fact]
    public void Create_MoreThanTheLimit_IsRefused()
    {
        TestVm small = Architectures.Vm(Architectures.V20, new KvmParameters { EntriesPerTable = 4, MemslotLimit = 1 });
        Assert.Equal(0, small.Set(0, 0, 1, 0));
        Assert.Equal(-Errno.EINVAL, small.Set(1, 1, 1, 1));
    }

    [Fact]
    public void Generation_TwoBitsWide_WrapsAround()
    {
        TestVm narrow = Architectures.Vm(Architectures.V20, new KvmParameters { EntriesPerTable = 4, GenerationBits = 2 });
        narrow.Set(0, 0, 1, 0);
        narrow.Delete(0);
        narrow.Set(0, 0, 1, 0);
        Assert.Equal(0UL, narrow.Kvm.PeekMemslots().Generation.Peek);
    }

    [Fact]
    public void Generation_TwoAddressSpaces_IsNeverTheSame()
    {
        TestVm two = Architectures.Vm(Architectures.V20, new KvmParameters { EntriesPerTable = 4, AddressSpaces = 2 });
        Assert.Equal(0, two.Set(UserspaceMemoryRegion.OfPages(0, 0, 1, 0)));
        Assert.Equal(0, two.Set(UserspaceMemoryRegion.OfPages(0, 0, 1, 1, MemslotFlags.None, addressSpace: 1)));
        Assert.Equal((2UL, 3UL), (two.Kvm.PeekMemslots().Generation.Peek, two.Kvm.PeekMemslots(1).Generation.Peek));
        two.AssertDestroysCleanly();
    }

    [Fact]
    public void Slots_CreatedAndDeletedManyTimes_LeaveNothing()
    {
        for (int i = 0; i < 5000; i++)
        {
            Assert.Equal(0, vm.Set(0, 0, 4, 0, MemslotFlags.LogDirtyPages));
            Assert.Equal(0, vm.Fault(1, write: true));
            Assert.Equal(0, vm.Delete(0));
        }

        vm.AssertDestroysCleanly();
    }
}
