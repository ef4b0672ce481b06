namespace MmuStress.Mmu;

/// <summary>LoongArch as mended, but yielding in the middle of unmapping with the flush still due.</summary>
/// <remarks>
/// Mirrors: zap_gfn_range() before "KVM: x86/mmu: Ensure TLBs are flushed when yielding during GFN range zap" (a835429cda91): the flush comes when
/// all is unmapped. Whoever takes mmu_lock meanwhile finds no entry, flushes nothing, and has the host free pages that TLBs still map.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class LoongArchYieldsUnflushed(Kvm kvm) : LoongArchMended(kvm)
{
    private protected override async Coroutine<bool> Yield(Cpu cpu, bool flush)
    {
        await CondReschedMmuLock(cpu);
        return flush;
    }
}
