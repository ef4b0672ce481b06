namespace MmuStress.Mmu;

/// <summary>x86 as it was before 3a0f64de479c: a walk that has dropped mmu_lock begins again at the root, and then goes one step on.</summary>
/// <remarks>
/// Mirrors: tdp_mmu_iter_cond_resched() before "KVM: x86/mmu: Don't advance iterator after restart due to yielding" (v5.17): it called
/// tdp_iter_restart() itself, and the loop went on with tdp_iter_next(). Where the walk goes no deeper than the root, the entry is skipped.
/// </remarks>
/// <param name="kvm">The VM.</param>
internal sealed class X86AdvancingAfterRestart(Kvm kvm) : X86Mmu(kvm)
{
    private protected override Coroutine AfterYield(Cpu cpu, TdpIter iter) => iter.Restart(cpu);
}
