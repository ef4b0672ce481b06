namespace MmuStress.Mmu;

/// <summary>The page table without call_rcu(): a table that a block takes the place of is freed at once.</summary>
/// <remarks>Mirrors: stage2_map_walk_table_post(), arch/arm64/kvm/hyp/pgtable.c, before "KVM: arm64: Protect stage-2 traversal with RCU", November 2022, beside the rest as it is since.</remarks>
/// <param name="arch">Whose it is.</param>
internal sealed class PgtableFreeingAtOnce(Arm64Mmu arch) : KvmPgtable(arch)
{
    /// <inheritdoc/>
    protected override Coroutine FreeUnlinkedTable(Cpu cpu, Page table, int level) => FreeUnlinked(cpu, table, level);
}
