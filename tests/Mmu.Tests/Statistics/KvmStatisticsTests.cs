namespace MmuStress.Mmu.Tests;

public sealed class KvmStatisticsTests
{
    private readonly TestVm vm;
    private readonly KvmStatistics statistics;

    public KvmStatisticsTests()
    {
        vm = new TestVm(MmuArchitectures.LoongArchMended);
        statistics = new KvmStatistics(vm.Kvm, "kvm-7");
        vm.Kvm.Tracepoints = statistics;
        vm.Set(0, 0, 8, 0, MemslotFlags.LogDirtyPages);
    }

    [Fact]
    public void Faults_AreCountedByHowTheyEnd()
    {
        Assert.Equal(0, vm.Fault(1));
        Assert.Equal(0, vm.Fault(1)); // its entry is there
        Assert.Equal(-Errno.EFAULT, vm.Fault(30)); // no memslot
        Assert.Equal([3, 1, 2, 1, 0], Vcpu("pf_taken", "pf_fast", "pf_fixed", "pf_emulate", "pf_retried"));
    }

    [Fact]
    public void Pages_AreCountedAsTheyComeAndGo()
    {
        vm.Fault(1);
        vm.Fault(2);
        vm.Invalidate(1);
        vm.Fault(3);
        Assert.Equal([3, 2, 2], Vm("pages_mapped", "pages_4k", "max_pages_4k"));
        vm.Invalidate(0, 8);
        Assert.Equal([3, 0, 2], Vm("pages_mapped", "pages_4k", "max_pages_4k"));
    }

    [Fact]
    public void Notifications_AreCountedWithTheirSizeAndTheLocksTheyElide()
    {
        vm.Fault(1);
        vm.Invalidate(1); // an entry goes
        vm.Invalidate(1, 3); // none is there
        vm.Invalidate(20, 8); // hits no memslot: neither start nor end takes mmu_lock
        Assert.Equal([3, 2], Vm("mmu_notifier_invalidations", "mmu_lock_elided"));
        Assert.Equal([0, 1, 1, 0, 1], Enumerable.Range(0, 5).Select(i => (int)statistics.Vm.Read(WordOf("mmu_notifier_pages_hist") + i)));
    }

    [Fact]
    public void Flushes_AskedForAndDone_AreToldApart()
    {
        vm.Kvm.FlushRemoteTlbs(vm.Cpu).GetResult(); // nobody is in the guest
        Assert.Equal([1, 0], Vm("remote_tlb_flush_requests", "remote_tlb_flush"));
        statistics.RemoteTlbsFlushDone(vm.Cpu, vm.Kvm);
        Assert.Equal([1, 1], Vm("remote_tlb_flush_requests", "remote_tlb_flush"));
    }

    [Fact]
    public void Retries_GoToTheVcpuWhoseFaultStartedOver()
    {
        statistics.FaultRetried(vm.Cpu, vm.Kvm);
        statistics.FaultRetried(vm.Cpu, vm.Kvm);
        vm.Fault(1);
        vm.Fault(2);
        Assert.Equal([2, 2], Vcpu("pf_retried", "pf_taken"));
        Assert.Equal([1, 0, 1], Enumerable.Range(0, 3).Select(i => (int)statistics.Vcpus[0].Read(6 + i)));
    }

    [Fact]
    public void DirtyPages_AreCounted()
    {
        vm.Fault(1, write: true);
        vm.Fault(2);
        Assert.Equal([1], Vm("dirty_pages"));
    }

    [Fact]
    public void Instant_IsWhatIsTheCaseNow()
    {
        Assert.Equal([0, 8, 0], [.. Vm("mn_active_invalidate_count", "memslot_size"), .. Vcpu("in_guest_mode")]);
        vm.Start(1);
        vm.Vcpu.EnterGuest(vm.Cpu).GetResult();
        Assert.Equal([1, 8, 1], [.. Vm("mn_active_invalidate_count", "memslot_size"), .. Vcpu("in_guest_mode")]);
        vm.Vcpu.LeaveGuest(vm.Cpu).GetResult();
        vm.End(1);
        vm.Delete(0);
        Assert.Equal([0, 0, 0], [.. Vm("mn_active_invalidate_count", "memslot_size"), .. Vcpu("in_guest_mode")]);
    }

    [Fact]
    public void Read_NameUnknown_IsRefused() => Assert.Throws<ArgumentException>(() => statistics.Vm.Read("pf_taken"));

    private static int WordOf(string name) => VmStat.All.TakeWhile(s => !string.Equals(s.Name, name, StringComparison.Ordinal)).Sum(s => s.Size);

    private int[] Vm(params string[] names) => names.Select(name => (int)statistics.Vm.Read(name)).ToArray();

    private int[] Vcpu(params string[] names) => names.Select(name => (int)statistics.Vcpus[0].Read(name)).ToArray();
}
