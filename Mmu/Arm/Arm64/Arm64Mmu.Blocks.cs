namespace MmuStress.Mmu;

/// <content>Blocks, and tables that a block took the place of.</content>
public partial class Arm64Mmu
{
    private const int PmdLevel = 1; // PMD_SHIFT, the only size of a transparent huge page

    // Guarded by itself: free-running, several walks end at a time.
    private readonly Queue<(KvmPgtable Pgt, Page Table, int Level)> unlinkedTables = new();

    /// <inheritdoc/>
    public sealed override int TablesAwaitingFree
    {
        get
        {
            lock (unlinkedTables)
            {
                return Rcu.Pending + unlinkedTables.Count;
            }
        }
    }

    /// <summary>Who walks the page table with others at the same time is a reader.</summary>
    internal Rcu Rcu { get; }

    /// <summary>stage2_free_unlinked_table(): has a table freed once nobody can be in it.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="table">A table that no entry leads to any more.</param>
    /// <param name="unlinkedFrom">The page table it was part of.</param>
    /// <param name="level">The level of the table that it was linked from.</param>
    /// <returns>When that is under way.</returns>
    internal Coroutine FreeUnlinkedTable(Cpu cpu, KvmPgtable unlinkedFrom, Page table, int level)
    {
        cpu.Log($"  call_rcu(table {table.FrameNumber})");
        Rcu.Call(cpu, _ =>
        {
            lock (unlinkedTables)
            {
                unlinkedTables.Enqueue((unlinkedFrom, table, level));
            }
        });
        return Coroutine.Completed;
    }

    /// <summary>stage2_free_unlinked_table_rcu_cb() for each table whose grace period is over.</summary>
    /// <remarks>Differs: done by the reader that left last, right after it left, and not in a softirq.</remarks>
    /// <param name="cpu">The caller; in no RCU section.</param>
    /// <returns>When they are freed.</returns>
    internal async Coroutine FreeUnlinkedTables(Cpu cpu)
    {
        while (TryDequeueUnlinked(out (KvmPgtable Pgt, Page Table, int Level) unlinked))
        {
            await unlinked.Pgt.FreeUnlinked(cpu, unlinked.Table, unlinked.Level);
        }
    }

    private bool TryDequeueUnlinked(out (KvmPgtable Pgt, Page Table, int Level) unlinked)
    {
        lock (unlinkedTables)
        {
            return unlinkedTables.TryDequeue(out unlinked);
        }
    }

    // transparent_hugepage_adjust(): the level at which the page is to be mapped, or -EAGAIN where the host has taken it away. Caller holds mmu_lock,
    // and no invalidation is in progress.
    private async Coroutine<int> TransparentHugepageAdjust(Cpu cpu, Memslot memslot, Gfn gfn, Hva hva)
    {
        // Make sure the adjustment is done only for THP pages. Also make sure that the HVA and IPA are sufficiently aligned and that the block map is
        // contained within the memslot.
        if (PmdLevel > Geometry.RootLevel || !FaultSupportsStage2HugeMapping(cpu, memslot, hva, Geometry.FramesPerEntry(PmdLevel)))
        {
            return 0;
        }

        ulong pmdSize = Geometry.FramesPerEntry(PmdLevel);
        int size = await Kvm.Mm.GetUserMappingSize(cpu, hva, (int)pmdSize);
        return size < 0 ? size : (ulong)size < pmdSize ? 0 : PmdLevel;
    }

    // fault_supports_stage2_huge_mapping().
    private static bool FaultSupportsStage2HugeMapping(Cpu cpu, Memslot memslot, Hva hva, ulong mapSize)
    {
        ulong uaddrStart = memslot.UserspaceAddr(cpu).Page;
        ulong uaddrEnd = uaddrStart + memslot.Npages(cpu);
        ulong mask = mapSize - 1;

        // Pages belonging to memslots that don't have the same alignment within a PMD for userspace and IPA cannot be mapped with stage-2 PMD entries,
        // because we'll end up mapping the wrong pages.
        if ((memslot.BaseGfn(cpu).Value & mask) != (uaddrStart & mask))
        {
            return false;
        }

        // Next, let's make sure we're not trying to map anything not covered by the memslot.
        ulong first = hva.Page & ~mask;
        return first >= uaddrStart && first + mapSize <= uaddrEnd;
    }
}
