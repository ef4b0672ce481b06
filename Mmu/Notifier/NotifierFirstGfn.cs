namespace MmuStress.Mmu;

/// <summary>A notifier whose architecture unmaps the first frame of a range only.</summary>
/// <remarks>
/// Mirrors: kvm_unmap_gfn_range_hv(), arch/powerpc/kvm/book3s_64_mmu_hv.c, as converted by "KVM: PPC: Convert to the gfn-based MMU notifier
/// callbacks", 1 April 2021, which handed range->start to code for one frame and ignored range->end (S4-4); mended by 32b48bf8514c.
/// Differs: on top of another architecture's way to unmap.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class NotifierFirstGfn(Kvm kvm) : KvmMmuNotifier(kvm)
{
    internal override Coroutine<bool> Unmap(Cpu cpu, KvmGfnRange range) =>
        Kvm.Arch.UnmapGfnRange(cpu, range with { Range = new GfnRange(range.Start, range.Start.Next) });
}
