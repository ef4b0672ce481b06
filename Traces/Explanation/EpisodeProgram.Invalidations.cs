using MmuStress.Machine;

namespace MmuStress.Traces;

/// <content>Faults and invalidations: mmu_lock, the sequence, the range. Mirrors: virt/kvm/kvm_main.c, is_page_fault_stale() (v6.1 and v6.12).</content>
internal sealed partial class EpisodeProgram
{
    // is_page_fault_stale() under mmu_lock says no: kvm_tdp_mmu_map(), __direct_map() goes on with the lock held.
    private async Coroutine LockFresh(Cpu cpu, int thread, EpisodeStep fault, ulong snapshot)
    {
        while (true)
        {
            await LockForFault(cpu);
            int covering = Covering(cpu, fault.New);
            bool hasMoved = fault.Index != 0 && cpu.Read(At(WordOf.Seq)) != snapshot;
            if (covering < 0 && !hasMoved)
            {
                return;
            }

            explanation.Waits(new Obstacle(covering >= 0 ? ObstacleKind.Covered : ObstacleKind.Moved, thread, next[thread], covering));
            ulong epoch = cpu.Read(At(WordOf.Epoch));
            waitsFor[thread] = covering;
            await UnlockForFault(cpu);
            await cpu.WaitUntilNotEqual(At(WordOf.Epoch), epoch);
        }
    }

    // is_page_fault_stale() says yes at some time.
    private async Coroutine FindStale(Cpu cpu, int thread, EpisodeStep fault, ulong snapshot)
    {
        while (true)
        {
            await LockForFault(cpu);
            bool isStale = cpu.Read(At(WordOf.Seq)) != snapshot || MayCover(cpu, fault.Old, fault.New);
            ulong epoch = cpu.Read(At(WordOf.Epoch));
            await UnlockForFault(cpu);
            if (isStale)
            {
                return;
            }

            explanation.Waits(new Obstacle(ObstacleKind.NotStale, thread, next[thread]));
            await cpu.WaitUntilNotEqual(At(WordOf.Epoch), epoch);
        }
    }

    private Step LockForFault(Cpu cpu) => plan.Episode.HasTdpMmu ? cpu.ReadLock(mmuLock) : cpu.Lock(mmuLock);

    private Step UnlockForFault(Cpu cpu) => plan.Episode.HasTdpMmu ? cpu.ReadUnlock(mmuLock) : cpu.Unlock(mmuLock);

    // An invalidation in progress that surely covers an address; -1 for none.
    private int Covering(Cpu cpu, ulong hva)
    {
        for (int i = 0; i < plan.Episode.Invalidations.Count; i++)
        {
            if (plan.Episode.Invalidations[i].Covers(hva) && cpu.Read(At(i, InvalidationWord.IsActive)) != 0)
            {
                return i;
            }
        }

        return -1;
    }

    // mmu_invalidate_retry_hva() or _gfn() of the range that grows until nothing is in progress.
    private bool MayCover(Cpu cpu, ulong gfn, ulong hva) =>
        cpu.Read(At(RangeWord.InProgress)) != 0
        && (cpu.Read(At(RangeWord.IsWide)) != 0
            || hva == 0
            || (cpu.Read(At(RangeWord.HvaStart)) <= hva && hva < cpu.Read(At(RangeWord.HvaEnd)))
            || (cpu.Read(At(RangeWord.GfnStart)) <= gfn && gfn < cpu.Read(At(RangeWord.GfnEnd))));

    // kvm_mmu_invalidate_begin(), kvm_mmu_invalidate_range_add(). Caller holds mmu_lock for write.
    private async Coroutine Begin(Cpu cpu, int number)
    {
        EpisodeInvalidation invalidation = plan.Episode.Invalidations[number];
        ulong count = cpu.Read(At(RangeWord.InProgress));
        cpu.Write(At(RangeWord.InProgress), count + 1);
        bool isFirst = count == 0;
        ulong first = ulong.MaxValue;
        ulong end = 0;
        foreach ((ulong from, ulong to) in invalidation.Frames ?? [])
        {
            first = Math.Min(first, from);
            end = Math.Max(end, to);
        }

        cpu.Write(At(RangeWord.HvaStart), Math.Min(invalidation.Start, isFirst ? ulong.MaxValue : cpu.Read(At(RangeWord.HvaStart))));
        cpu.Write(At(RangeWord.HvaEnd), Math.Max(invalidation.End, isFirst ? 0 : cpu.Read(At(RangeWord.HvaEnd))));
        cpu.Write(At(RangeWord.GfnStart), Math.Min(first, isFirst ? ulong.MaxValue : cpu.Read(At(RangeWord.GfnStart))));
        cpu.Write(At(RangeWord.GfnEnd), Math.Max(end, isFirst ? 0 : cpu.Read(At(RangeWord.GfnEnd))));
        cpu.Write(At(RangeWord.IsWide), (isFirst ? 0 : cpu.Read(At(RangeWord.IsWide))) | (invalidation.Frames is null ? 1UL : 0));
        cpu.Write(At(number, InvalidationWord.IsActive), 1);
        await cpu.WriteOnce(At(WordOf.Epoch), cpu.Read(At(WordOf.Epoch)) + 1);
    }

    // kvm_mmu_invalidate_end(). Caller holds mmu_lock for write.
    private async Coroutine End(Cpu cpu, int number)
    {
        await cpu.WriteOnce(At(WordOf.Seq), cpu.Read(At(WordOf.Seq)) + 1);
        cpu.Write(At(RangeWord.InProgress), cpu.Read(At(RangeWord.InProgress)) - 1);
        cpu.Write(At(number, InvalidationWord.IsActive), 0);
        await cpu.WriteOnce(At(WordOf.Epoch), cpu.Read(At(WordOf.Epoch)) + 1);
        await cpu.StoreRelease(At(number, InvalidationWord.HasEnded), 1);
    }

    private async Coroutine InvalidateRangeEnds(Cpu cpu, int chain)
    {
        foreach (int number in plan.Chains[chain])
        {
            if (!plan.HasVisibleEnd[number])
            {
                await cpu.WaitUntilEqual(At(number, InvalidationWord.HasZapped), 1);
                await cpu.Lock(mmuLock);
                await End(cpu, number);
                await cpu.Unlock(mmuLock);
            }
        }
    }

    // What another thread has not zapped yet may be left, and then this one came later.
    private async Coroutine UnlockClear(Cpu cpu, int thread, int number)
    {
        foreach (int entry in plan.Ranges[number])
        {
            Word word = entries[((int)At(WordOf.Root).Peek * plan.Entries.Count) + entry];
            ulong spte = await cpu.ReadOnce(word);
            while (SpteBits.IsLeaf(spte, plan.Entries[entry].Level))
            {
                explanation.Waits(new Obstacle(ObstacleKind.LeftOver, thread, next[thread], entry, spte));
                waitsFor[thread] = entry;
                await cpu.Unlock(mmuLock);
                await cpu.WaitUntilNotEqual(word, spte);
                await cpu.Lock(mmuLock);
                waitsFor[thread] = -1;
                spte = await cpu.ReadOnce(word);
            }
        }

        await cpu.StoreRelease(At(number, InvalidationWord.HasZapped), 1);
        await cpu.Unlock(mmuLock);
    }
}
