namespace MmuStress.Mmu;

/// <content>Moving a page to another frame: compaction, NUMA balancing, move_pages().</content>
public sealed partial class HostMm
{
    // How many migrations have ended. A waiter reads it while it sees the migration entry, under the page_table_lock.
    private readonly Word migrationsDone;

    /// <summary>Moves the page at <paramref name="hva"/> to a fresh frame.</summary>
    /// <remarks>
    /// Mirrors: unmap_and_move(), mm/migrate.c; try_to_migrate_one(), mm/rmap.c; remove_migration_pte() (v6.1). The end comes before the page is
    /// copied: until the new entry is set, the migration entry keeps everybody out. A page that anybody else holds a reference on stays.
    /// Locking: takes the page_table_lock twice; mmap_lock is not held.
    /// Differs: the reference of the mapping becomes the reference that isolating the page takes, instead of one being taken and one put.
    /// The page's lock, on which waiters wait, is a count of migrations that have ended.
    /// </remarks>
    /// <returns>Whether it moved.</returns>
    public async Coroutine<bool> Migrate(Cpu cpu, Hva hva)
    {
        ulong page = hva.Page;
        HvaRange range = PageRange(page);
        CheckRange(range);
        SpinLock pageTableLock = LockOf(page);

        await InvalidateRangeStart(cpu, range);
        await cpu.Lock(pageTableLock);
        HostPte original = ReadPte(cpu, page);
        Frame? old = original.IsPresent ? Memory.FrameAt(original.Pfn) : null;
        bool isMovable = old is { IsZeroPage: false };
        HostPte migration = HostPte.MigrationOf(original.Pfn);
        if (isMovable)
        {
            WritePte(cpu, page, migration);
            cpu.Log($"host migrates hva {page} away from pfn {original.Pfn}");
        }

        await cpu.Unlock(pageTableLock);
        await InvalidateRangeEnd(cpu, range);
        if (!isMovable)
        {
            return false;
        }

        Frame target = old!;
        if (await cpu.ReadOnce(old!.RefCount) == 1) // folio_migrate_mapping
        {
            target = Memory.Allocate();
            target.Content.Initialise(await cpu.ReadOnce(old.Content));
        }

        await cpu.Lock(pageTableLock);
        bool isWanted = ReadPte(cpu, page) == migration; // or it was zapped on the way
        if (isWanted)
        {
            WritePte(cpu, page, original.WithPfn(target.Pfn));
        }

        await cpu.Unlock(pageTableLock);
        await cpu.AddReturn(migrationsDone, 1); // folio_unlock
        bool hasMoved = target != old;
        cpu.Log($"host migrates hva {page}: {(hasMoved ? "now" : "stays")} pfn {target.Pfn}");
        if (hasMoved || !isWanted)
        {
            await Memory.Put(cpu, old);
        }

        if (hasMoved && !isWanted)
        {
            Memory.Free(cpu, target);
        }

        return hasMoved && isWanted;
    }

    /// <summary>migration_entry_wait: gives the page_table_lock back and waits until the migration that was seen under it has ended.</summary>
    private async Coroutine MigrationEntryWait(Cpu cpu, SpinLock pageTableLock)
    {
        ulong before = await cpu.ReadOnce(migrationsDone);
        await cpu.Unlock(pageTableLock);
        await cpu.WaitUntilNotEqual(migrationsDone, before);
    }
}
