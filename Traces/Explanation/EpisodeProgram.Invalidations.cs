using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <content>Faults and invalidations: mmu_lock, the sequence, the range. Mirrors: virt/kvm/kvm_main.c, is_page_fault_stale() (v6.1 and v6.12).</content>
internal sealed partial class EpisodeProgram
{
    private static readonly (ulong First, ulong End)[] Everywhere = [(0, Kvm.InvalidGpa - 1)];

    // is_page_fault_stale() under mmu_lock says no: kvm_tdp_mmu_map(), __direct_map() goes on with the lock held.
    private async Coroutine LockFresh(Cpu cpu, int thread, EpisodeStep fault, ulong snapshot)
    {
        while (true)
        {
            await LockForFault(cpu);
            ulong seq = cpu.Read(kvm.MmuInvalidateSeq);
            if (IsStale(cpu, fault, fault.Index != 0 ? snapshot : seq) != true) // one that may take its snapshot late takes it now
            {
                return;
            }

            int covering = Covering(cpu, fault.New);
            explanation.Waits(new Obstacle(fault.Index == 0 || seq == snapshot ? ObstacleKind.Covered : ObstacleKind.Moved, thread, next[thread], covering));
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
            bool isStale = IsStale(cpu, fault, snapshot) != false;
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

    private Step LockForFault(Cpu cpu) => plan.Episode.HasTdpMmu ? cpu.ReadLock(kvm.MmuRwLock) : cpu.Lock(kvm.MmuLock);

    private Step UnlockForFault(Cpu cpu) => plan.Episode.HasTdpMmu ? cpu.ReadUnlock(kvm.MmuRwLock) : cpu.Unlock(kvm.MmuLock);

    // What the model says; null where that depends on memslots that are not known. Caller holds mmu_lock.
    private bool? IsStale(Cpu cpu, EpisodeStep fault, ulong snapshot)
    {
        (ulong gfn, ulong hva) = (fault.Old, fault.New);
        bool isUnknown = cpu.Read(kvm.MmuInvalidateInProgress) != 0 && (hva == 0 || cpu.Read(At(WordOf.IsUnknown)) != 0);
        return isUnknown && cpu.Read(kvm.MmuInvalidateSeq) == snapshot ? null
            : plan.ByGfn ? kvm.MmuInvalidateRetryGfn(cpu, snapshot, new Gfn(gfn))
            : kvm.MmuInvalidateRetryHva(cpu, snapshot, new Hva(hva));
    }

    // An invalidation in progress that covers an address, for who wants to know which; -1 for none. Caller holds mmu_lock.
    private int Covering(Cpu cpu, ulong hva)
    {
        int any = -1;
        for (int i = 0; i < plan.Episode.Invalidations.Count; i++)
        {
            if (cpu.Read(At(i, InvalidationWord.IsActive)) != 0)
            {
                any = i;
                if (plan.Episode.Invalidations[i].Covers(hva))
                {
                    break;
                }
            }
        }

        return any;
    }

    // kvm_mmu_invalidate_begin(), kvm_mmu_invalidate_range_add() for each memslot. Caller holds mmu_lock for write.
    private async Coroutine Begin(Cpu cpu, int number)
    {
        EpisodeInvalidation invalidation = plan.Episode.Invalidations[number];
        bool isFirst = cpu.Read(kvm.MmuInvalidateInProgress) == 0;
        if (!plan.ByGfn)
        {
            await kvm.MmuInvalidateBegin(cpu, new HvaRange(new Hva(invalidation.Start), new Hva(invalidation.End)));
        }
        else
        {
            await kvm.MmuInvalidateBegin(cpu);
            foreach ((ulong first, ulong end) in invalidation.Frames ?? Everywhere)
            {
                kvm.MmuInvalidateRangeAdd(cpu, new GfnRange(new Gfn(first), new Gfn(end)));
            }
        }

        cpu.Write(At(WordOf.IsUnknown), (isFirst ? 0 : cpu.Read(At(WordOf.IsUnknown))) | (invalidation.Frames is null ? 1UL : 0));
        cpu.Write(At(number, InvalidationWord.IsActive), 1);
        SetEagerAfterTheNext();
        await cpu.WriteOnce(At(WordOf.Epoch), cpu.Read(At(WordOf.Epoch)) + 1);
    }

    // kvm_mmu_invalidate_end(). Caller holds mmu_lock for write.
    private async Coroutine End(Cpu cpu, int number)
    {
        await kvm.MmuInvalidateEnd(cpu);
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
                await cpu.Lock(kvm.MmuLock);
                eager |= 1UL << endCpus[number]; // nobody waits for the lock meanwhile
                await End(cpu, number);
                await cpu.Unlock(kvm.MmuLock);
                eager &= ~(1UL << endCpus[number]);
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
                await cpu.Unlock(kvm.MmuLock);
                await cpu.WaitUntilNotEqual(word, spte);
                await cpu.Lock(kvm.MmuLock);
                waitsFor[thread] = -1;
                spte = await cpu.ReadOnce(word);
            }
        }

        await cpu.StoreRelease(At(number, InvalidationWord.HasZapped), 1);
        await cpu.Unlock(kvm.MmuLock);
    }
}
