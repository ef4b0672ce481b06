using MmuStress.Machine;

namespace MmuStress.Traces;

/// <content>SPTEs and the roots that they are of. Mirrors: arch/x86/kvm/mmu/tdp_mmu.c (v6.1 and v6.12).</content>
internal sealed partial class EpisodeProgram
{
    private async Coroutine Clear(Cpu cpu, EpisodeStep step)
    {
        int entry = (int)step.Old;
        Word word = entries[((int)await cpu.ReadOnce(At(WordOf.Root)) * plan.Entries.Count) + entry];
        ulong spte = await cpu.ReadOnce(word);
        while (SpteBits.IsLeaf(spte, plan.Entries[entry].Level))
        {
            await cpu.WaitUntilNotEqual(word, spte);
            spte = await cpu.ReadOnce(word);
        }
    }

    // tdp_mmu_set_spte_atomic(), kvm_tdp_mmu_write_spte(), fast_pf_fix_direct_spte(): from what is seen to be there.
    private async Coroutine Change(Cpu cpu, int thread, EpisodeStep step)
    {
        while (true)
        {
            ulong changes = plan.RootsAtEnd > 1 ? await cpu.ReadOnce(At(WordOf.Changes)) : 0;
            Word? word = await Find(cpu, step);
            if (word is { } found)
            {
                ulong held = step.Old;
                ulong seen;
                while ((seen = await cpu.CmpXchg(found, held, step.New)) != held && plan.Bits.CanBe(seen, step.Old))
                {
                    held = seen;
                }

                if (seen == held)
                {
                    if (plan.Splits.Count > 0 && plan.Splits.TryGetValue(step.Index, out List<int>? children) && SpteBits.IsSplit(held, step.New, plan.Entries[step.Index].Level))
                    {
                        await Split(cpu, found, step.Index, held, children);
                    }

                    if (plan.RootsAtEnd > 1)
                    {
                        await cpu.AtomicAdd(At(WordOf.Changes), 1);
                    }

                    return;
                }

                explanation.Waits(new Obstacle(ObstacleKind.Entry, thread, next[thread], step.Index, seen));
                if (plan.RootsAtEnd == 1)
                {
                    await cpu.WaitUntilNotEqual(found, seen);
                    continue;
                }
            }
            else
            {
                ulong seen = entries[((int)At(WordOf.Root).Peek * plan.Entries.Count) + step.Index].Peek;
                explanation.Waits(new Obstacle(ObstacleKind.Entry, thread, next[thread], step.Index, seen));
            }

            await cpu.WaitUntilNotEqual(At(WordOf.Changes), changes);
        }
    }

    // tdp_mmu_split_huge_page(): the table was filled before it was linked.
    private async Coroutine Split(Cpu cpu, Word word, int entry, ulong huge, List<int> children)
    {
        int root = 0;
        while (entries[(root * plan.Entries.Count) + entry] != word)
        {
            root++;
        }

        splits.Add((root, entry, huge));
        SpteKey key = plan.Entries[entry];
        foreach (int child in children)
        {
            await cpu.WriteOnce(entries[(root * plan.Entries.Count) + child], SpteBits.MakeSplit(huge, key.Level - 1, plan.Entries[child].Gfn - key.Gfn));
        }
    }

    // Which root's entry: an event does not say. Null where none holds what was seen.
    private async Coroutine<Word?> Find(Cpu cpu, EpisodeStep step)
    {
        if (plan.RootsAtEnd == 1)
        {
            return entries[step.Index];
        }

        int inUse = (int)await cpu.ReadOnce(At(WordOf.Root));
        int matching = 0;
        Word? unknown = null;
        for (int pass = 0; pass < 2; pass++)
        {
            int chosen = pass == 1 && matching > 1 ? (int)await cpu.Choose(matching) : 0;
            for (int i = 0; i <= inUse; i++)
            {
                Word word = entries[((inUse - i) * plan.Entries.Count) + step.Index];
                ulong seen = await cpu.ReadOnce(word);
                if (seen == SpteBits.Unknown)
                {
                    unknown = word;
                }
                else if (plan.Bits.CanBe(seen, step.Old))
                {
                    if (pass == 1 && chosen-- == 0)
                    {
                        return word;
                    }

                    matching++;
                }
            }

            if (matching == 0)
            {
                break;
            }
        }

        return unknown;
    }

    // kvm_mmu_set_spte reads the entry again when it is printed.
    private async Coroutine Check(Cpu cpu, int thread, EpisodeStep step)
    {
        while (true)
        {
            ulong changes = plan.RootsAtEnd > 1 ? await cpu.ReadOnce(At(WordOf.Changes)) : 0;
            int inUse = plan.RootsAtEnd > 1 ? (int)await cpu.ReadOnce(At(WordOf.Root)) : 0;
            Word word = entries[(inUse * plan.Entries.Count) + step.Index];
            ulong seen = await cpu.ReadOnce(word);
            if (plan.Bits.CanBe(seen, step.New))
            {
                return;
            }

            explanation.Waits(new Obstacle(ObstacleKind.Entry, thread, next[thread], step.Index, seen));
            if (plan.RootsAtEnd == 1)
            {
                await cpu.WaitUntilNotEqual(word, seen);
            }
            else
            {
                await cpu.WaitUntilNotEqual(At(WordOf.Changes), changes);
            }
        }
    }
}
