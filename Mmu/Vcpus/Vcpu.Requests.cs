using System.Runtime.CompilerServices;

namespace MmuStress.Mmu;

/// <content>What the vCPU is asked to do.</content>
public sealed partial class Vcpu
{
    /// <summary>kvm_make_request: asks, and kicks nobody. For others too.</summary>
    /// <remarks>Mirrors: smp_wmb() and set_bit().</remarks>
    /// <returns>When it is asked.</returns>
    public Coroutine MakeRequest(Cpu cpu, Request request, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        cpu.Call((Vcpu: this, Request: request), static (asked, caller) => asked.Vcpu.Ask(caller, asked.Request), "kvm_make_request", file, line);

    /// <summary>kvm_check_request: whether it was asked, which is then forgotten.</summary>
    /// <remarks>Mirrors: test_bit(), clear_bit() and smp_mb__after_atomic(), in one step.</remarks>
    /// <returns>True when it was.</returns>
    public async Coroutine<bool> CheckRequest(Cpu cpu, Request request) => (await cpu.FetchAndNot(Requests, request.Bit) & request.Bit) != 0;

    /// <summary>kvm_vcpu_kick: has the vCPU leave the guest soon, without waiting for it. For others.</summary>
    /// <remarks>Differs: a vCPU never blocks in this model, so there is none to wake up.</remarks>
    /// <returns>When the interrupt, if one is needed, is sent.</returns>
    public async Coroutine Kick(Cpu cpu)
    {
        if (Request.Unblock.NeedsIpi(await ExitingGuestMode(cpu)))
        {
            await (await TargetOfKick(cpu)).Interrupts.Interrupt(cpu, wait: false);
        }
    }

    /// <summary>kvm_vcpu_exiting_guest_mode: what the mode is, and that an interrupt is on its way from now on.</summary>
    /// <returns>The mode as it was.</returns>
    internal async Coroutine<VcpuMode> ExitingGuestMode(Cpu cpu)
    {
        await cpu.Mb(); // smp_mb__before_atomic(): the request before the look at the mode, also where the cmpxchg fails
        return (VcpuMode)await cpu.CmpXchg(Mode, (ulong)VcpuMode.InGuestMode, (ulong)VcpuMode.ExitingGuestMode);
    }

    /// <summary>READ_ONCE(vcpu->cpu): where a kick is sent. By then the vCPU may be elsewhere, but it has left the guest to get there.</summary>
    /// <returns>The physical CPU.</returns>
    internal async Coroutine<HostCpu> TargetOfKick(Cpu cpu) => Kvm.HostCpus[(int)await cpu.ReadOnce(Cpu)];

    private async Coroutine Ask(Cpu cpu, Request request)
    {
        await cpu.Wmb();
        await cpu.AtomicOr(Requests, request.Bit);
    }

    /// <summary>kvm_check_requests: does what was asked, before the guest is entered, with interrupts on.</summary>
    private async Coroutine CheckRequests(Cpu cpu, ulong pending)
    {
        if ((pending & Request.TlbFlush.Bit) != 0 && await CheckRequest(cpu, Request.TlbFlush))
        {
            vpid = 0; // a new one, which no TLB knows, is taken at the entry
            cpu.Log($"kvm_check_request(KVM_REQ_TLB_FLUSH)");
        }

        ulong others = pending & ~(Request.TlbFlush.Bit | Request.TlbFlushGpa.Bit);
        if (others != 0)
        {
            await cpu.FetchAndNot(Requests, others);
            await Kvm.Arch.ServeRequests(cpu, this, others);
        }
    }
}
