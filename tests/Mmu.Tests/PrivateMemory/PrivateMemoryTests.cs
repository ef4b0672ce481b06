using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>Poisoned pages and conversions, one after the other on one CPU.</summary>
public sealed class PrivateMemoryTests
{
    private static readonly Hva Page1 = Hva.OfPage(1);

    private readonly TestVm vm = new(new MmuArchitecture("loongarch-protected", "", static kvm => new LoongArchProtected(kvm, new MemoryAttributes(kvm))));

    public PrivateMemoryTests() => vm.Set(0, 0, 8, 0);

    private LoongArchProtected Arch => (LoongArchProtected)vm.Kvm.Arch;

    private HostMm Mm => vm.Mm;

    [Fact]
    public void Poisoned_HostAccess_GetsNoData()
    {
        ulong kept = Mm.Peek(Page1).Pfn.Value;
        Assert.Equal(0, Mm.Poison(vm.Cpu, Page1).GetResult());
        Assert.True(Mm.Peek(Page1).IsHwPoison);
        Assert.Null(Mm.HostRead(vm.Cpu, Page1).GetResult());
        Assert.False(Mm.HostWrite(vm.Cpu, Page1, 9).GetResult());
        Assert.False(Mm.CopyToGuest(vm.Cpu, Page1, 9).GetResult());
        Assert.False(Mm.GetUserPage(vm.Cpu, Page1, write: false).GetResult().Ok);
        UserPage allowed = Mm.GetPoisonedPage(vm.Cpu, Page1).GetResult();
        Assert.Equal((kept, true), (allowed.Pfn.Value, allowed.IsPrivate));
        Assert.Equal(2UL, allowed.Frame!.RefCount.Peek);
    }

    [Fact]
    public void Unpoisoned_HostHasItsDataBack()
    {
        Mm.HostWrite(vm.Cpu, Page1, 5).GetResult();
        Mm.Poison(vm.Cpu, Page1).GetResult();
        Mm.Unpoison(vm.Cpu, Page1).GetResult();
        Assert.Equal(5UL, Mm.HostRead(vm.Cpu, Page1).GetResult());
        Mm.Unpoison(vm.Cpu, Page1).GetResult(); // is none any more
        Assert.Equal(5UL, Mm.HostRead(vm.Cpu, Page1).GetResult());
    }

    [Fact]
    public void Poison_PageIsHeld_IsRefusedUnlessPinsAreIgnored()
    {
        UserPage held = Mm.GetUserPage(vm.Cpu, Page1, write: true).GetResult();
        Assert.Equal(-Errno.EAGAIN, Mm.Poison(vm.Cpu, Page1).GetResult());
        Assert.True(Mm.Peek(Page1).IsPresent);
        Assert.Equal(0, Mm.Poison(vm.Cpu, Page1, allowsPins: true).GetResult());
        Assert.True(Mm.Peek(Page1).IsHwPoison);
        Mm.Memory.Put(vm.Cpu, held.Frame!).GetResult();
    }

    [Fact]
    public void Poison_PageIsMissingOrShared_GetsItsOwnFirst()
    {
        Mm.Unmap(vm.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        Mm.HostRead(vm.Cpu, Page1).GetResult(); // the page of zeroes
        Assert.Equal(0, Mm.Poison(vm.Cpu, Page1).GetResult());
        Assert.NotEqual(Mm.Memory.ZeroPage.Pfn, Mm.Peek(Page1).Pfn);
        Mm.Munmap(vm.Cpu, HvaRange.OfPages(2, 1)).GetResult();
        Assert.Equal(-Errno.EFAULT, Mm.Poison(vm.Cpu, Hva.OfPage(2)).GetResult());
    }

    [Fact]
    public void Poison_NotWantedAnyMore_LeavesThePage()
    {
        Block word = vm.Machine.Memory.Allocate("wanted", "wanted");
        Assert.Equal(0, Mm.Poison(vm.Cpu, Page1, word[0]).GetResult());
        Assert.True(Mm.Peek(Page1).IsPresent);
        word[0].Initialise(1);
        Assert.Equal(0, Mm.Poison(vm.Cpu, Page1, word[0]).GetResult());
        Assert.True(Mm.Peek(Page1).IsHwPoison);
    }

    [Fact]
    public void Zap_OfAPoisonedPage_FreesIt()
    {
        Frame frame = Mm.Memory.FrameAt(Mm.Peek(Page1).Pfn);
        Mm.Poison(vm.Cpu, Page1).GetResult();
        Mm.Unmap(vm.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        Assert.True(frame.IsFreed);
        Assert.True(Mm.Peek(Page1).IsNone);
    }

    [Fact]
    public void Convert_ToPrivateAndBack_MovesThePageBetweenGuestAndHost()
    {
        vm.Fault(1, write: true);
        Assert.False(Arch.PeekIsMappedPrivate(new Gfn(1)));
        Assert.Equal(0, Set(1, 2, MemoryAttributes.Private));
        Assert.Null(Arch.PeekIsMappedPrivate(new Gfn(1))); // zapped
        Assert.Null(Mm.HostRead(vm.Cpu, Page1).GetResult());

        Assert.True(vm.Vcpu.GuestWrite(vm.Cpu, new Gfn(1).Gpa, 77).GetResult().IsDone);
        Assert.True(Arch.PeekIsMappedPrivate(new Gfn(1)));
        Assert.Null(Mm.HostRead(vm.Cpu, Page1).GetResult());

        Assert.Equal(0, Set(1, 2, 0));
        Assert.Null(Arch.PeekIsMappedPrivate(new Gfn(1)));
        Assert.Equal(77UL, Mm.HostRead(vm.Cpu, Page1).GetResult());
        Assert.Equal(77UL, vm.Vcpu.GuestRead(vm.Cpu, new Gfn(1).Gpa).GetResult().Value);
        Assert.False(Arch.PeekIsMappedPrivate(new Gfn(1)));
        AssertQuiet();
    }

    [Fact]
    public void Convert_Range_TakesEveryPageOrNone()
    {
        UserPage held = Mm.GetUserPage(vm.Cpu, Hva.OfPage(3), write: true).GetResult();
        Assert.Equal(-Errno.EAGAIN, Set(1, 5, MemoryAttributes.Private));
        Assert.All(Enumerable.Range(1, 4), page => Assert.True(Mm.Peek(Hva.OfPage((ulong)page)).IsPresent));
        Assert.All(Enumerable.Range(1, 4), page => Assert.False(Arch.Attributes.PeekIsPrivate(new Gfn((ulong)page))));
        Mm.Memory.Put(vm.Cpu, held.Frame!).GetResult();
        Assert.Equal(0, Set(1, 5, MemoryAttributes.Private));
        Assert.All(Enumerable.Range(1, 4), page => Assert.True(Mm.Peek(Hva.OfPage((ulong)page)).IsHwPoison));
        Assert.True(Mm.Peek(Hva.OfPage(5)).IsPresent);
        AssertQuiet();
    }

    [Fact]
    public void Convert_AlreadyLikeThat_IsNoInvalidation()
    {
        Assert.Equal(0, Set(1, 2, 0));
        Assert.Equal(0UL, vm.Kvm.MmuInvalidateSeq.Peek);
        Set(1, 2, MemoryAttributes.Private);
        ulong seq = vm.Kvm.MmuInvalidateSeq.Peek;
        Assert.Equal(0, Set(1, 2, MemoryAttributes.Private));
        Assert.Equal(seq, vm.Kvm.MmuInvalidateSeq.Peek);
    }

    [Theory]
    [InlineData(2, 2, 0)]
    [InlineData(3, 2, 0)]
    [InlineData(1, 33, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(1, 2, 9)]
    public void Convert_BadArgument_IsRefused(ulong start, ulong end, ulong attributes) => Assert.Equal(-Errno.EINVAL, Set(start, end, attributes));

    [Fact]
    public void Convert_NoMemslot_IsRefused()
    {
        Assert.Equal(-Errno.EFAULT, Set(7, 9, MemoryAttributes.Private)); // the memslot ends at 8
        Assert.Equal(-Errno.EFAULT, Set(20, 21, MemoryAttributes.Private)); // none at all: nothing is invalidated, either
        Assert.True(Mm.Peek(Hva.OfPage(7)).IsPresent);
        AssertQuiet();
    }

    [Fact]
    public void PrivatePage_DroppedByTheHost_IsPoisonedAgainByTheFault()
    {
        Set(1, 2, MemoryAttributes.Private);
        Mm.Unmap(vm.Cpu, HvaRange.OfPages(1, 1)).GetResult();
        Assert.Equal(0, vm.Fault(1));
        Assert.True(Arch.PeekIsMappedPrivate(new Gfn(1)));
        Assert.True(Mm.Peek(Page1).IsHwPoison);
        AssertQuiet();
    }

    [Fact]
    public void SharedFault_AtAPoisonedPage_IsAnError()
    {
        Mm.Poison(vm.Cpu, Page1).GetResult(); // nobody said that it is private
        Assert.Equal(-Errno.EFAULT, vm.Fault(1));
    }

    private int Set(ulong start, ulong end, ulong attributes) => Arch.Attributes.SetMemAttributes(vm.Cpu, new GfnRange(new Gfn(start), new Gfn(end)), attributes).GetResult();

    private void AssertQuiet()
    {
        Assert.Null(vm.Machine.Violation);
        Assert.Equal(0, vm.Cpu.Held.Count);
        Assert.Equal(0UL, vm.Kvm.MmuInvalidateInProgress.Peek);
        Assert.Equal(0UL, vm.Kvm.MnActiveInvalidateCount.Peek);
    }
}
