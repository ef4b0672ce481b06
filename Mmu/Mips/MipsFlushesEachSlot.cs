namespace MmuStress.Mmu;

/// <summary>MIPS with gfn-based callbacks that flush by themselves, as they would have without "KVM: MIPS: defer flush to generic MMU notifier code".</summary>
/// <remarks>Correct, and as many flushes as memslots are hit, which that series is to avoid.</remarks>
/// <param name="kvm">The VM.</param>
public sealed class MipsFlushesEachSlot(Kvm kvm) : MipsMmu(kvm)
{
    /// <inheritdoc/>
    public override async Coroutine<bool> UnmapGfnRange(Cpu cpu, KvmGfnRange range)
    {
        await base.UnmapGfnRange(cpu, range);
        await Kvm.FlushRemoteTlbs(cpu);
        return false;
    }
}
