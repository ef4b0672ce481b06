namespace MmuStress.Mmu;

/// <summary>x86 as it was before ba3a6120a4e7: under mmu_lock for write an entry is overwritten, whatever the fast path has just made of it.</summary>
/// <remarks>
/// Mirrors: tdp_mmu_set_spte() and handle_removed_tdp_mmu_page() before "KVM: x86/mmu: Use atomic XCHG to write TDP MMU SPTEs with volatile bits"
/// (v5.19): what follows from the old entry is decided by what the walk saw, so that a write is not told to the host's page.
/// </remarks>
/// <param name="kvm">The VM.</param>
internal sealed class X86OverwritingVolatileBits(Kvm kvm) : X86Mmu(kvm)
{
    private protected override async Coroutine<ulong> WriteSpte(Cpu cpu, Word sptep, ulong oldSpte, ulong newSpte, int level)
    {
        await cpu.WriteOnce(sptep, newSpte);
        return oldSpte;
    }
}
