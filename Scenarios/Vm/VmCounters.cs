using System.Threading;
using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>What a soak counts of a VM. Any thread may count and read.</summary>
public sealed class VmCounters : Checker
{
    private long faults;
    private long retries;
    private long flushes;
    private long locksElided;

    /// <summary>Has a stage report the counts.</summary>
    /// <param name="stage">The stage.</param>
    public void ReportTo(Stage stage)
    {
        stage.Count("faults", () => Interlocked.Read(ref faults));
        stage.Count("retries", () => Interlocked.Read(ref retries));
        stage.Count("flushes", () => Interlocked.Read(ref flushes));
        stage.Count("locks elided", () => Interlocked.Read(ref locksElided));
    }

    /// <inheritdoc/>
    public override void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result) => Interlocked.Increment(ref faults);

    /// <inheritdoc/>
    public override void FaultRetried(Cpu cpu, Kvm kvm) => Interlocked.Increment(ref retries);

    /// <inheritdoc/>
    public override void RemoteTlbsFlushed(Cpu cpu, Kvm kvm) => Interlocked.Increment(ref flushes);

    /// <inheritdoc/>
    public override void MmuLockElided(Cpu cpu, Kvm kvm, HvaRange range) => Interlocked.Increment(ref locksElided);
}
