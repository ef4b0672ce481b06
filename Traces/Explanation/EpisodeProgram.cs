using System.Numerics;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Traces;

/// <summary>What an order of the unseen steps of an episode looks like to the explorer: a program whose CPUs are the threads.</summary>
/// <remarks>
/// <para>
/// An event is printed when all those before it in the trace are, so that no order contradicts the trace; what is unseen goes on in between. A step that
/// the model allows only later waits: an SPTE's change for the value that it is seen to change, a fault that asks for its SPTE until no
/// invalidation covers it, one that is tried again until it is stale. Where everybody waits, this order explains the trace no further.
/// </para>
/// <para>
/// The order that prints all events is the one that is looked for, so that it counts as the violation that an exploration looks for.
/// </para>
/// Mirrors: the x86 TDP MMU of 6.1 and 6.12: mmu_lock is an rwlock, held for read in faults and for write in notifiers; SPTEs change by
/// compare-exchange; fast_page_fault() does without the lock. With the shadow MMU (tdp_mmu=0) faults hold it for write.
/// </remarks>
internal sealed class EpisodeProgram(EpisodePlan plan, Explanation explanation) : IProgram, IGuide
{
    private const int MostHops = 4;
    private static readonly LockClass MmuLockClass = new("mmu_lock of a trace", maySleep: true);

    private readonly List<Func<Cpu, Coroutine>> bodies = [];
    private readonly List<Func<Cpu, Coroutine>> ends = [];
    private readonly List<(int Root, int Entry, ulong Huge)> splits = [];
    private readonly int[] next = new int[ExploredMachine.MaxCpus];
    private readonly int[] waitsFor = new int[ExploredMachine.MaxCpus];
    private readonly List<int> endCpus = [];
    private RwSemaphore mmuLock = null!;
    private Block words = null!;
    private Block ranges = null!;
    private Block invalidations = null!;
    private Block entries = null!;
    private int threads;
    private ulong eager; // the CPUs that have something to do at once, a bit each
    private int owner; // the CPU whose event is the next in the trace; -1 when all are printed

    private enum WordOf
    {
        /// <summary>How many events are printed.</summary>
        Cursor,
        Seq,

        /// <summary>Changes with each begin and end of an invalidation.</summary>
        Epoch,

        /// <summary>Changes with each change of an entry.</summary>
        Changes,

        /// <summary>The root in use.</summary>
        Root,
        Count,
    }

    private enum RangeWord
    {
        InProgress,
        HvaStart,
        HvaEnd,
        GfnStart,
        GfnEnd,

        /// <summary>Whether one in progress has a range that is not known.</summary>
        IsWide,
        Count,
    }

    private enum InvalidationWord
    {
        IsActive,
        HasZapped,
        HasEnded,
        Count,
    }

    /// <inheritdoc/>
    /// <remarks>Each thread does what is unseen right before its next event, and earlier only where another waits for it.</remarks>
    public int Prefer(ExploredMachine machine, ulong candidates, int current)
    {
        if ((candidates & eager) != 0)
        {
            return BitOperations.TrailingZeroCount(candidates & eager);
        }

        int cpu = owner;
        if (cpu >= 0 && machine.Pending(cpu).Kind is OperationKind.Lock or OperationKind.ReadLock && DueBefore(cpu) is int due && due >= 0 && (candidates >> due & 1) != 0)
        {
            return due;
        }

        for (int hops = 0; cpu >= 0 && hops < MostHops; hops++)
        {
            if ((candidates >> cpu & 1) != 0)
            {
                return cpu;
            }

            cpu = HelperOf(machine, cpu);
        }

        int first = -1;
        for (ulong left = candidates; left != 0; left &= left - 1)
        {
            int other = BitOperations.TrailingZeroCount(left);
            if (first < 0 || NextEvent(other) < NextEvent(first))
            {
                first = other;
            }
        }

        return first;
    }

    /// <inheritdoc/>
    public void Start(ExploredMachine machine)
    {
        explanation.BeginOrder();
        splits.Clear();
        mmuLock = new RwSemaphore(machine, MmuLockClass);
        words = machine.Memory.Allocate("episode", (int)WordOf.Count, BlockKind.Static);
        ranges = machine.Memory.Allocate("kvm", (int)RangeWord.Count, BlockKind.Static);
        invalidations = machine.Memory.Allocate("invalidations", Math.Max(1, plan.Episode.Invalidations.Count * (int)InvalidationWord.Count), BlockKind.Static);
        entries = machine.Memory.Allocate("sptes", Math.Max(1, plan.Entries.Count * plan.RootsAtEnd), BlockKind.Static);
        Cpu setup = machine.SetupCpu;
        setup.Write(words[(int)WordOf.Root], (ulong)plan.Roots - 1);
        for (int root = 0; root < plan.Roots; root++)
        {
            for (int i = 0; i < plan.Entries.Count; i++)
            {
                setup.Write(entries[(root * plan.Entries.Count) + i], plan.Table.Get(root, plan.Entries[i]));
            }
        }

        threads = plan.Episode.Threads.Count;
        eager = 0;
        owner = plan.Episode.Events.Count > 0 ? plan.Episode.Events[0].Thread : -1;
        for (int i = 0; i < threads; i++)
        {
            next[i] = 0;
            waitsFor[i] = -1;
            machine.Spawn(plan.Episode.Threads[i], BodyOf(i)).IsIdle = true;
        }

        endCpus.Clear();
        endCpus.AddRange(Enumerable.Repeat(-1, plan.Episode.Invalidations.Count));
        for (int i = 0; i < plan.Chains.Count; i++)
        {
            foreach (int invalidation in plan.Chains[i])
            {
                endCpus[invalidation] = plan.HasVisibleEnd[invalidation] ? -1 : machine.CpuCount;
            }

            machine.Spawn("invalidate_range_end", EndsOf(i)).IsIdle = true;
        }

        machine.AtEnd(Stuck);
    }

    /// <summary>The huge pages that were split: in which root, which entry, what it held.</summary>
    public IReadOnlyList<(int Root, int Entry, ulong Huge)> Splits => splits;

    /// <summary>What an entry holds at the end.</summary>
    public ulong EntryAtEnd(int root, int entry) => entries[(root * plan.Entries.Count) + entry].Peek;

    // The next event that a CPU prints; behind the last for one that prints none.
    private int NextEvent(int cpu)
    {
        if (cpu < threads)
        {
            List<EpisodeStep> steps = plan.Threads[cpu].Steps;
            for (int i = next[cpu]; i < steps.Count; i++)
            {
                if (steps[i].Kind == EpisodeStepKind.Print)
                {
                    return steps[i].Index;
                }
            }
        }

        return plan.Episode.Events.Count;
    }

    // Who can help a CPU that waits; -1 where nobody can.
    private int HelperOf(ExploredMachine machine, int cpu)
    {
        if (machine.Pending(cpu).Kind is OperationKind.Lock or OperationKind.ReadLock)
        {
            return HolderOfLock(machine, cpu);
        }

        if (cpu >= threads)
        {
            return -1;
        }

        if (next[cpu] >= plan.Threads[cpu].Steps.Count)
        {
            return -1;
        }

        EpisodeStep step = plan.Threads[cpu].Steps[next[cpu]];
        return step.Kind switch
        {
            EpisodeStepKind.WaitForEnd => endCpus[step.Index],
            EpisodeStepKind.LockFresh => waitsFor[cpu] >= 0 ? endCpus[waitsFor[cpu]] : -1,
            EpisodeStepKind.FindStale => Invalidator(step.Old, step.New),
            EpisodeStepKind.Change or EpisodeStepKind.Check => Changer(cpu, step.Index),
            EpisodeStepKind.UnlockClear when waitsFor[cpu] >= 0 => Changer(cpu, waitsFor[cpu]),
            _ => -1,
        };
    }

    // The end of an invalidation for which mmu_lock would be free too late, were it taken now; -1 where there is none.
    private int DueBefore(int cpu)
    {
        int last = cpu < threads && plan.Threads[cpu].Steps[next[cpu]].Kind != EpisodeStepKind.FindStale ? LastOfSection(cpu) : -1;
        int due = -1;
        for (int i = 0; i < endCpus.Count; i++)
        {
            if (endCpus[i] >= 0 && plan.Deadlines[i] < last && At(i, InvalidationWord.HasEnded).Peek == 0 && At(i, InvalidationWord.HasZapped).Peek != 0
                && (due < 0 || plan.Deadlines[i] < plan.Deadlines[due]))
            {
                due = i;
            }
        }

        return due < 0 ? -1 : endCpus[due];
    }

    // The last event that a thread prints with the lock that it is about to take.
    private int LastOfSection(int cpu)
    {
        List<EpisodeStep> steps = plan.Threads[cpu].Steps;
        int last = -1;
        for (int i = next[cpu]; i < steps.Count && steps[i].Kind is not (EpisodeStepKind.Unlock or EpisodeStepKind.UnlockClear or EpisodeStepKind.Yield); i++)
        {
            last = steps[i].Kind == EpisodeStepKind.Print ? steps[i].Index : last;
        }

        return last;
    }

    private int HolderOfLock(ExploredMachine machine, int cpu)
    {
        int writer = Lock.OwnerOf(mmuLock.State.Peek);
        for (int i = 0; writer < 0 && i < machine.CpuCount; i++)
        {
            if (i != cpu && machine.CpuAt(i).Held.Contains(mmuLock))
            {
                return i;
            }
        }

        return writer;
    }

    // Who can make a fault stale: best one whose invalidation has not begun, as that one is in progress then for a while; else one that must end soon.
    private int Invalidator(ulong gfn, ulong hva)
    {
        for (int thread = 0; thread < threads; thread++)
        {
            List<EpisodeStep> steps = plan.Threads[thread].Steps;
            for (int i = next[thread]; i < steps.Count && steps[i].Kind != EpisodeStepKind.Print; i++)
            {
                if (steps[i].Kind == EpisodeStepKind.Begin && MayBeOf(plan.Episode.Invalidations[steps[i].Index], gfn, hva))
                {
                    return thread;
                }
            }
        }

        int best = -1;
        for (int i = 0; i < plan.Episode.Invalidations.Count; i++)
        {
            if (endCpus[i] >= 0 && At(i, InvalidationWord.IsActive).Peek != 0 && (best < 0 || plan.Deadlines[i] < plan.Deadlines[best]))
            {
                best = i;
            }
        }

        return best < 0 ? -1 : endCpus[best];
    }

    private static bool MayBeOf(EpisodeInvalidation invalidation, ulong gfn, ulong hva) =>
        invalidation.Frames is null || invalidation.Covers(hva) || invalidation.Frames.Any(f => f.First <= gfn && gfn < f.End);

    // Who is about to change an entry.
    private int Changer(int cpu, int entry)
    {
        for (int thread = 0; thread < threads; thread++)
        {
            List<EpisodeStep> steps = plan.Threads[thread].Steps;
            for (int i = next[thread]; thread != cpu && i < steps.Count && steps[i].Kind != EpisodeStepKind.Print; i++)
            {
                if (steps[i].Kind == EpisodeStepKind.Change && steps[i].Index == entry)
                {
                    return thread;
                }
            }
        }

        return -1;
    }

    private Word At(WordOf word) => words[(int)word];

    private Word At(RangeWord word) => ranges[(int)word];

    private Word At(int invalidation, InvalidationWord word) => invalidations[(invalidation * (int)InvalidationWord.Count) + (int)word];

    private Func<Cpu, Coroutine> BodyOf(int thread)
    {
        while (bodies.Count <= thread)
        {
            int number = bodies.Count;
            bodies.Add(cpu => Run(cpu, number));
        }

        return bodies[thread];
    }

    private Func<Cpu, Coroutine> EndsOf(int chain)
    {
        while (ends.Count <= chain)
        {
            int number = ends.Count;
            ends.Add(cpu => InvalidateRangeEnds(cpu, number));
        }

        return ends[chain];
    }

    private async Coroutine Run(Cpu cpu, int thread)
    {
        List<EpisodeStep> steps = plan.Threads[thread].Steps;
        ulong snapshot = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            EpisodeStep step = steps[i];
            next[thread] = i;
            eager = step.IsEager ? eager | (1UL << thread) : eager & ~(1UL << thread);
            switch (step.Kind)
            {
                case EpisodeStepKind.Print:
                    await Print(cpu, step.Index);
                    break;
                case EpisodeStepKind.Snapshot:
                    snapshot = await cpu.ReadOnce(At(WordOf.Seq));
                    break;
                case EpisodeStepKind.LockFresh:
                    await LockFresh(cpu, thread, step, snapshot);
                    break;
                case EpisodeStepKind.FindStale:
                    await FindStale(cpu, thread, step, snapshot);
                    break;
                case EpisodeStepKind.Lock:
                    await cpu.Lock(mmuLock);
                    break;
                case EpisodeStepKind.Unlock:
                    await UnlockAny(cpu);
                    break;
                case EpisodeStepKind.Yield:
                    await cpu.Unlock(mmuLock);
                    await cpu.Lock(mmuLock);
                    break;
                case EpisodeStepKind.Change:
                    await Change(cpu, thread, step);
                    break;
                case EpisodeStepKind.Check:
                    await Check(cpu, thread, step);
                    break;
                case EpisodeStepKind.Begin:
                    await Begin(cpu, step.Index);
                    break;
                case EpisodeStepKind.UnlockClear:
                    await UnlockClear(cpu, thread, step.Index);
                    break;
                case EpisodeStepKind.End:
                    await End(cpu, step.Index);
                    break;
                case EpisodeStepKind.WaitForEnd:
                    await cpu.WaitUntilEqual(At(step.Index, InvalidationWord.HasEnded), 1);
                    break;
                case EpisodeStepKind.Clear:
                    await Clear(cpu, step);
                    break;
                default:
                    await cpu.AddReturn(At(WordOf.Root), 1);
                    break;
            }
        }

        next[thread] = steps.Count;
        eager &= ~(1UL << thread);
    }

    private async Coroutine Print(Cpu cpu, int at)
    {
        await cpu.WaitUntilEqual(At(WordOf.Cursor), (ulong)at);
        await cpu.StoreRelease(At(WordOf.Cursor), (ulong)at + 1);
        List<EpisodeEvent> events = plan.Episode.Events;
        ((ExploredMachine)cpu.Machine).MadeProgress();
        owner = at + 1 < events.Count ? events[at + 1].Thread : -1;
        if (at + 1 == events.Count)
        {
            cpu.Fail(Explanation.Found, "an order of the unseen steps explains the trace");
        }
    }

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
            await UnlockAny(cpu);
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
            await UnlockAny(cpu);
            if (isStale)
            {
                return;
            }

            explanation.Waits(new Obstacle(ObstacleKind.NotStale, thread, next[thread]));
            await cpu.WaitUntilNotEqual(At(WordOf.Epoch), epoch);
        }
    }

    private Step LockForFault(Cpu cpu) => plan.Episode.HasTdpMmu ? cpu.ReadLock(mmuLock) : cpu.Lock(mmuLock);

    private Step UnlockAny(Cpu cpu) => Lock.OwnerOf(mmuLock.State.Peek) == cpu.Id ? cpu.Unlock(mmuLock) : cpu.ReadUnlock(mmuLock);

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

    // Nobody can go on, and not all is printed.
    private void Stuck() => explanation.EndsAt((int)At(WordOf.Cursor).Peek, owner);
}
