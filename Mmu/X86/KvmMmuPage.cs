namespace MmuStress.Mmu;

/// <summary>struct kvm_mmu_page of a root of the TDP MMU: its table, who holds it, and whether it is on its way out.</summary>
/// <remarks>
/// Mirrors: arch/x86/kvm/mmu/mmu_internal.h (v6.9).
/// Differs: tables below have none, as nothing of theirs is used but level and frame, which a walk knows.
/// </remarks>
internal sealed class KvmMmuPage
{
    private static readonly BlockKind Kind = new("struct kvm_mmu_page", MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoTableLeak);
    private static readonly string[] Fields = ["root->tdp_mmu_root_count", "root->role.invalid", "root->tdp_mmu_scheduled_root_to_zap"];

    private readonly Block block;

    public KvmMmuPage(Multiprocessor machine, Page spt)
    {
        Spt = spt;
        block = machine.Memory.Allocate("kvm_mmu_page", Fields.Length, Kind, Fields);
    }

    /// <summary>sp->spt: the table.</summary>
    public Page Spt { get; }

    /// <summary>sp->tdp_mmu_root_count: each vCPU that has it loaded, each walk, and the TDP MMU itself until it is zapped.</summary>
    public Word RootCount => block[0];

    /// <summary>sp->role.invalid. Written under mmu_lock for write.</summary>
    public Word Invalid => block[1];

    /// <summary>sp->tdp_mmu_scheduled_root_to_zap. Written under mmu_lock for write, and cleared by the one who zaps.</summary>
    public Word ScheduledRootToZap => block[2];

    /// <summary>tdp_mmu_free_sp().</summary>
    public void Free(Cpu cpu)
    {
        cpu.Machine.Memory.FreePage(cpu, Spt);
        cpu.Machine.Memory.Free(cpu, block);
    }

    /// <inheritdoc/>
    public override string ToString() => $"root {Spt.FrameNumber}";
}
