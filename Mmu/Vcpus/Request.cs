namespace MmuStress.Mmu;

/// <summary>Something a vCPU is asked to do before it enters the guest again.</summary>
/// <remarks>Mirrors: KVM_REQ_*, include/linux/kvm_host.h, arch/loongarch/include/asm/kvm_host.h (v6.12).</remarks>
/// <param name="Number">Its bit in vcpu->requests.</param>
/// <param name="Waits">KVM_REQUEST_WAIT: who asks waits until the vCPU has left the guest.</param>
/// <param name="WakesUp">Whether a vCPU that sleeps is woken: no KVM_REQUEST_NO_WAKEUP.</param>
public readonly record struct Request(int Number, bool Waits, bool WakesUp)
{
    /// <summary>KVM_REQ_TLB_FLUSH: forget every translation.</summary>
    public static Request TlbFlush { get; } = new(0, Waits: true, WakesUp: false);

    /// <summary>KVM_REQ_UNBLOCK: nothing but leave the guest and look.</summary>
    public static Request Unblock { get; } = new(2, Waits: false, WakesUp: true);

    /// <summary>KVM_REQ_TLB_FLUSH_GPA: forget the translation of one address, known to the vCPU.</summary>
    public static Request TlbFlushGpa { get; } = new(8, Waits: false, WakesUp: true);

    /// <summary>Its bit.</summary>
    public ulong Bit => 1UL << Number;

    /// <summary>kvm_request_needs_ipi: whether a vCPU in <paramref name="mode"/> must be interrupted.</summary>
    /// <returns>True when it must.</returns>
    public bool NeedsIpi(VcpuMode mode) => Waits ? mode != VcpuMode.OutsideGuestMode : mode == VcpuMode.InGuestMode;
}
