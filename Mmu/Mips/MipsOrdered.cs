namespace MmuStress.Mmu;

/// <summary>MIPS with a barrier before CPUs are marked for new ASIDs, so that who finds the mark finds the entries cleared (MI-1).</summary>
/// <remarks>Mirrors: no kernel.</remarks>
/// <param name="kvm">The VM.</param>
public sealed class MipsOrdered(Kvm kvm) : MipsMmu(kvm)
{
    private protected override async Coroutine PrepareFlushShadow(Cpu cpu)
    {
        await cpu.Wmb();
        await base.PrepareFlushShadow(cpu);
    }
}
