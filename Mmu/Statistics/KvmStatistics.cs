namespace MmuStress.Mmu;

/// <summary>Counts what a VM and its vCPUs do.</summary>
/// <remarks>
/// <para>
/// Counting hangs on tracepoints, and the counters are no memory of the machine: an explored run is not counted and so has no step, no
/// conflict and no order more than without. What is counted of vCPUs is a plain addition to a line of their own.
/// </para>
/// Mirrors: kvm->stat, vcpu->stat.
/// Differs: the kernel counts in the functions themselves.
/// </remarks>
public sealed class KvmStatistics : IMmuTracepoints
{
    private readonly VcpuStat[] vcpus;
    private readonly PerCpuCounter retries = new(); // of the fault that each CPU handles

    /// <summary>Statistics of <paramref name="kvm"/> and of the vCPUs that it has, all 0.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="id">The VM's name in files, in the kernel "kvm-" and the number of its process; at most 32 characters.</param>
    public KvmStatistics(Kvm kvm, string id)
    {
        Vm = new VmStat(kvm, id);
        vcpus = new VcpuStat[kvm.Vcpus.Length];
        for (int i = 0; i < vcpus.Length; i++)
        {
            vcpus[i] = new VcpuStat(kvm.Vcpus[i], $"{id}/vcpu-{i}");
        }
    }

    /// <summary>The VM's.</summary>
    public VmStat Vm { get; }

    /// <summary>The vCPUs', by their numbers.</summary>
    public IReadOnlyList<VcpuStat> Vcpus => vcpus;

    /// <inheritdoc/>
    public void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
        if (newPte.Present && !oldPte.Present)
        {
            Vm.CountMapped();
        }
        else if (oldPte.Present && !newPte.Present)
        {
            Vm.CountUnmapped();
        }
    }

    /// <inheritdoc/>
    public void MmuLockElided(Cpu cpu, Kvm kvm, HvaRange range) => Vm.CountElidedLock();

    /// <inheritdoc/>
    public void InvalidateRangeStartReturned(Cpu cpu, Kvm kvm, HvaRange range) => Vm.CountNotification(range);

    /// <inheritdoc/>
    public void RemoteTlbsFlushRequested(Cpu cpu, Kvm kvm) => Vm.CountFlushRequest();

    /// <inheritdoc/>
    public void RemoteTlbsFlushDone(Cpu cpu, Kvm kvm) => Vm.CountFlush();

    /// <inheritdoc/>
    public void FaultRetried(Cpu cpu, Kvm kvm) => retries.Increment(cpu);

    /// <inheritdoc/>
    public void FaultFixedFast(Cpu cpu, Vcpu vcpu, Gfn gfn) => vcpus[vcpu.Id].CountFast();

    /// <inheritdoc/>
    public void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result) => vcpus[vcpu.Id].CountHandled(result, retries.Take(cpu));

    /// <inheritdoc/>
    public void PageDirtied(Cpu cpu, Kvm kvm, Gfn gfn) => Vm.CountDirtyPage();
}
