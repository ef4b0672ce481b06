using System.Runtime.CompilerServices;

namespace MmuStress.Mmu;

/// <content>Requests to all vCPUs: virt/kvm/kvm_main.c (v6.8).</content>
public sealed partial class Kvm
{
    /// <summary>kvm_flush_remote_tlbs: when it returns, no vCPU uses a translation that was gone from the page table before the call.</summary>
    /// <remarks>Locking: none needed; usually called under mmu_lock, and waits for vCPUs that are in the guest.</remarks>
    /// <returns>When they have forgotten, or will before their next access.</returns>
    public Coroutine FlushRemoteTlbs(Cpu cpu, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        cpu.Call(this, static (kvm, caller) => kvm.FlushAllTlbs(caller), "kvm_flush_remote_tlbs", file, line);

    /// <summary>kvm_make_all_cpus_request: asks every vCPU, and interrupts those that must be interrupted to see it.</summary>
    /// <remarks>
    /// Mirrors: kvm_make_all_cpus_request(), kvm_make_vcpu_request(), kvm_kick_many_cpus(), smp_call_function_many().
    /// Differs: physical CPUs are interrupted and waited for one after the other; the kernel interrupts all, then waits.
    /// A vCPU never blocks in this model, so there is none to wake up.
    /// </remarks>
    /// <param name="request">What is asked.</param>
    /// <returns>Whether a vCPU was interrupted.</returns>
    public async Coroutine<bool> MakeAllCpusRequest(Cpu cpu, Request request)
    {
        Vcpu[] all = vcpus;
        ulong kicked = 0;
        ulong[]? kickedAbove = null;
        for (int i = 0; i < all.Length; i++)
        {
            Vcpu vcpu = all[i];
            await vcpu.MakeRequest(cpu, request);
            if (!request.NeedsIpi(await vcpu.ExitingGuestMode(cpu)))
            {
                continue;
            }

            int target = (await vcpu.TargetOfKick(cpu)).Id;
            if (target < 64)
            {
                kicked |= 1UL << target;
            }
            else
            {
                kickedAbove ??= new ulong[(HostCpus.Length >> 6) + 1];
                kickedAbove[target >> 6] |= 1UL << target;
            }
        }

        bool hasKicked = kicked != 0 || kickedAbove is not null;
        for (int i = 0; hasKicked && i < HostCpus.Length; i++)
        {
            ulong word = i < 64 ? kicked : kickedAbove is null ? 0 : kickedAbove[i >> 6];
            if ((word & (1UL << i)) != 0)
            {
                await HostCpus[i].Interrupts.Interrupt(cpu, request.Waits);
            }
        }

        return hasKicked;
    }

    private async Coroutine FlushAllTlbs(Cpu cpu)
    {
        cpu.Log($"kvm_flush_remote_tlbs()");
        Tracepoints?.RemoteTlbsFlushRequested(cpu, this);
        if (await Arch.FlushRemoteTlbs(cpu) == 0 || await MakeAllCpusRequest(cpu, Request.TlbFlush))
        {
            Tracepoints?.RemoteTlbsFlushDone(cpu, this);
        }

        cpu.Log($"  kvm_flush_remote_tlbs() returns");
        Tracepoints?.RemoteTlbsFlushed(cpu, this);
    }
}
