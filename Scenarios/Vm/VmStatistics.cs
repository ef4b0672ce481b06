using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>What a soak counts of a VM.</summary>
/// <param name="kvm">The VM, with all its vCPUs.</param>
public sealed class VmStatistics(Kvm kvm) : Checker
{
    private readonly KvmStatistics statistics = new(kvm, $"kvm-{Environment.ProcessId}");

    /// <summary>Has a stage report the counts.</summary>
    /// <param name="stage">The stage.</param>
    public void ReportTo(Stage stage)
    {
        stage.Statistics = statistics;
        stage.Count("faults", () => OfAllVcpus("pf_taken"));
        stage.Count("retries", () => OfAllVcpus("pf_retried"));
        stage.Count("flushes", () => (long)statistics.Vm.Read("remote_tlb_flush_requests"));
        stage.Count("locks elided", () => (long)statistics.Vm.Read("mmu_lock_elided"));
    }

    /// <inheritdoc/>
    public override void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte) => statistics.SetPte(cpu, kvm, gfn, oldPte, newPte);

    /// <inheritdoc/>
    public override void MmuLockElided(Cpu cpu, Kvm kvm, HvaRange range) => statistics.MmuLockElided(cpu, kvm, range);

    /// <inheritdoc/>
    public override void InvalidateRangeStartReturned(Cpu cpu, Kvm kvm, HvaRange range) => statistics.InvalidateRangeStartReturned(cpu, kvm, range);

    /// <inheritdoc/>
    public override void FaultFixedFast(Cpu cpu, Vcpu vcpu, Gfn gfn) => statistics.FaultFixedFast(cpu, vcpu, gfn);

    /// <inheritdoc/>
    public override void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result) => statistics.FaultHandled(cpu, vcpu, gpa, write, result);

    /// <inheritdoc/>
    public override void FaultRetried(Cpu cpu, Kvm kvm) => statistics.FaultRetried(cpu, kvm);

    /// <inheritdoc/>
    public override void RemoteTlbsFlushRequested(Cpu cpu, Kvm kvm) => statistics.RemoteTlbsFlushRequested(cpu, kvm);

    /// <inheritdoc/>
    public override void RemoteTlbsFlushDone(Cpu cpu, Kvm kvm) => statistics.RemoteTlbsFlushDone(cpu, kvm);

    /// <inheritdoc/>
    public override void PageDirtied(Cpu cpu, Kvm kvm, Gfn gfn) => statistics.PageDirtied(cpu, kvm, gfn);

    private long OfAllVcpus(string name) => statistics.Vcpus.Sum(vcpu => (long)vcpu.Read(name));
}
