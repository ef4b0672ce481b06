namespace MmuStress.Mmu;

/// <summary>MIPS, but kvm_arch_flush_remote_tlb() says that all is done when CPUs are marked only.</summary>
/// <remarks>No request is made then, so that a vCPU in the guest goes on with its ASID for as long as it stays there (S4-7).</remarks>
/// <param name="kvm">The VM.</param>
public sealed class MipsFlushesNobody(Kvm kvm) : MipsMmu(kvm)
{
    /// <inheritdoc/>
    public override async Coroutine<int> FlushRemoteTlbs(Cpu cpu)
    {
        await PrepareFlushShadow(cpu);
        return 0;
    }
}
