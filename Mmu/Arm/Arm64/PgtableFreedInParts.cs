namespace MmuStress.Mmu;

/// <summary>The page table as it was freed for some weeks of 2025: in parts, so that the CPU can be given up between them, by a walker that had all of a table before it.</summary>
/// <remarks>
/// A table that reaches into the next part loses its reference with the first part, and is freed when the second has dropped its entries, in the middle
/// of the walk; the entry that leads to it is still there.
/// Mirrors: stage2_free_walker(), arch/arm64/kvm/hyp/pgtable.c at e9abe311f356, which was reverted; 156f70afcfec is what it lacked.
/// </remarks>
/// <param name="arch">Whose it is.</param>
internal sealed class PgtableFreedInParts(Arm64Mmu arch) : KvmPgtable(arch)
{
    /// <inheritdoc/>
    protected override async Coroutine<int> Stage2FreeWalker(Cpu cpu, VisitContext ctx, WalkFlags visit)
    {
        if (!IsCounted(ctx.Old))
        {
            return 0;
        }

        await Tables.PutPage(cpu, ctx.Table);
        if (IsTable(ctx.Old, ctx.Level))
        {
            await Tables.PutPage(cpu, Arch.Follow(ctx.Old));
        }

        return 0;
    }
}
