using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class MipsTests
{
    private static readonly KvmParameters Small = new() { EntriesPerTable = 4 };

    private readonly TestVm vm = Of(static kvm => new MipsMmu(kvm));

    private MipsMmu Mips => (MipsMmu)vm.Kvm.Arch;

    [Fact]
    public void Flush_MarksEveryCpu_AndTheRequestsFollow()
    {
        vm.Kvm.FlushRemoteTlbs(vm.Cpu).GetResult();
        Assert.True(Mips.PeekAsidFlushMask(0) && Mips.PeekAsidFlushMask(1));
        Assert.Equal(Request.TlbFlush.Bit, vm.Vcpu.Requests.Peek);
    }

    [Fact]
    public void EnterGuest_OnAMarkedCpu_TakesANewAsidThereOnly()
    {
        Enter();
        ulong before = Mips.PeekCpuContext(0);
        Enter();
        Assert.Equal(before, Mips.PeekCpuContext(0));

        vm.Kvm.FlushRemoteTlbs(vm.Cpu).GetResult();
        Enter();

        Assert.Equal(before + 1, Mips.PeekCpuContext(0));
        Assert.Equal((false, true), (Mips.PeekAsidFlushMask(0), Mips.PeekAsidFlushMask(1)));
        Assert.Equal((0UL, 0UL), (vm.Vcpu.Requests.Peek, Mips.PeekCpuContext(1)));
    }

    /// <summary>S4-7: nobody would be made to look.</summary>
    [Fact]
    public void Flush_ThatReturnsZero_MakesNoRequest()
    {
        TestVm silent = Of(static kvm => new MipsFlushesNobody(kvm));
        silent.Kvm.FlushRemoteTlbs(silent.Cpu).GetResult();
        Assert.True(((MipsMmu)silent.Kvm.Arch).PeekAsidFlushMask(0));
        Assert.Equal(0UL, silent.Vcpu.Requests.Peek);
    }

    [Fact]
    public void Asid_OneBitWide_BeginsANewCycleWithAnEmptyTlb()
    {
        TestVm narrow = Of(static kvm => new MipsMmu(kvm), Small with { VpidBits = 1 });
        narrow.Set(0, 0, 8, 0);
        Assert.Equal(GuestExit.None, narrow.Vcpu.GuestRead(narrow.Cpu, new Gfn(1).Gpa).GetResult().Exit);
        Assert.True(narrow.Vcpu.HostCpu.Tlb.TryFind(narrow.Vcpu.HostCpu.GuestTag, new Gfn(1), out _));
        ulong tag = narrow.Vcpu.HostCpu.GuestTag;
        narrow.Kvm.FlushRemoteTlbs(narrow.Cpu).GetResult();
        narrow.Vcpu.EnterGuest(narrow.Cpu).GetResult();
        Assert.Equal(tag, narrow.Vcpu.HostCpu.GuestTag);
        Assert.False(narrow.Vcpu.HostCpu.Tlb.TryFind(tag, new Gfn(1), out _));
        narrow.Vcpu.LeaveGuest(narrow.Cpu).GetResult();
    }

    [Theory]
    [InlineData(false, 1)] // kvm_unmap_gfn_range() returns 1, and the generic code flushes
    [InlineData(true, 2)] // without "KVM: MIPS: defer flush to generic MMU notifier code"
    public void Start_TwoSlotsHit_FlushesOnce(bool eachSlot, int flushes)
    {
        TestVm two = Of(eachSlot ? static kvm => new MipsFlushesEachSlot(kvm) : static kvm => new MipsMmu(kvm));
        two.Set(0, 0, 4, 0);
        two.Set(1, 8, 4, 2); // the same host pages 2 and 3 again
        two.Fault(3);
        two.Fault(9);
        two.Start(3);
        Assert.Equal(flushes, two.Seen.Flushes);
        Assert.False(two.Pte(3).Present || two.Pte(9).Present);
    }

    /// <summary>S4-4: an exclusive end goes to an inclusive walker, before and after the conversion to gfn-based callbacks.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Start_OfOnePage_UnmapsTheNextAsWell(bool isConverted)
    {
        TestVm range = Of(static kvm => new MipsMmu(kvm), notifier: isConverted ? null : static kvm => new NotifierOfMips(kvm));
        range.Set(0, 0, 8, 0);
        range.Fault(1);
        range.Fault(2);
        range.Fault(3);
        range.Start(1);
        Assert.Equal((false, false, true), (range.Pte(1).Present, range.Pte(2).Present, range.Pte(3).Present));
    }

    /// <summary>kvm_test_age_hva() asked about an empty interval; the conversion mended that.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TestYoung_OfAYoungPage_IsTrueSinceTheConversion(bool isConverted)
    {
        TestVm aged = Of(static kvm => new MipsMmu(kvm), notifier: isConverted ? null : static kvm => new NotifierOfMips(kvm));
        aged.Set(0, 0, 8, 0);
        aged.Fault(1);
        Assert.Equal(isConverted, aged.Notifier.TestYoung(aged.Cpu, Hva.OfPage(1)).GetResult());
        Assert.True(aged.Notifier.ClearYoung(aged.Cpu, HvaRange.OfPages(1, 1)).GetResult());
        Assert.Null(aged.Machine.Violation);
    }

    [Fact]
    public void Slots_CreatedFaultedLoggedAndDeleted_LeaveNothing()
    {
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(0, vm.Set(0, 0, 4, 0));
            Assert.Equal(0, vm.Fault(1, write: true));
            Assert.Equal(0, vm.Set(0, 0, 4, 0, MemslotFlags.LogDirtyPages));
            Assert.False(vm.Pte(1).Dirty);
            Assert.Equal(0, vm.Fault(1, write: true));
            Assert.Equal(2UL, vm.GetDirtyLog()[0]);
            Assert.Equal(0, vm.Delete(0));
            Assert.Equal(-Errno.EFAULT, vm.Fault(1));
        }

        vm.AssertDestroysCleanly();
    }

    private static TestVm Of(Func<Kvm, KvmArch> create, KvmParameters? parameters = null, Func<Kvm, KvmMmuNotifier>? notifier = null) =>
        new(new MmuArchitecture("mips", "", create), parameters ?? Small, notifier);

    private void Enter()
    {
        vm.Vcpu.EnterGuest(vm.Cpu).GetResult();
        vm.Vcpu.LeaveGuest(vm.Cpu).GetResult();
    }
}
