using MmuStress.Explorer;
using MmuStress.Machine;
using MmuStress.Mmu;

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
/// compare-exchange; fast_page_fault() does without the lock. With the shadow MMU (tdp_mmu=0) faults hold it for write. mmu_lock, the sequence,
/// the range and the verdicts are those of the model's <see cref="Kvm"/>.
/// </remarks>
internal sealed partial class EpisodeProgram(EpisodePlan plan, Explanation explanation) : IProgram, IGuide
{
    private const int MostHops = 4;

    private readonly List<Func<Cpu, Coroutine>> bodies = [];
    private readonly List<Func<Cpu, Coroutine>> ends = [];
    private readonly List<(int Root, int Entry, ulong Huge)> splits = [];
    private readonly int[] next = new int[ExploredMachine.MaxCpus];
    private readonly int[] waitsFor = new int[ExploredMachine.MaxCpus];
    private readonly List<int> endCpus = [];
    private Kvm kvm = null!;
    private Block words = null!;
    private Block invalidations = null!;
    private Block entries = null!;
    private int threads;
    private ulong eager; // the CPUs that have something to do at once, a bit each
    private int owner; // the CPU whose event is the next in the trace; -1 when all are printed

    private enum WordOf
    {
        /// <summary>How many events are printed.</summary>
        Cursor,

        /// <summary>Changes with each begin and end of an invalidation.</summary>
        Epoch,

        /// <summary>Changes with each change of an entry.</summary>
        Changes,

        /// <summary>The root in use.</summary>
        Root,

        /// <summary>Whether the range of the invalidations in progress is not known.</summary>
        IsUnknown,
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
    public void Start(ExploredMachine machine)
    {
        explanation.BeginOrder();
        splits.Clear();
        kvm = ModelledInvalidation.MakeKvm(machine);
        words = machine.Memory.Allocate("episode", (int)WordOf.Count, BlockKind.Static);
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

    private Word At(WordOf word) => words[(int)word];

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
        bool isInFault = false;
        for (int i = 0; i < steps.Count; i++)
        {
            EpisodeStep step = steps[i];
            next[thread] = i;
            SetEager(thread, step);
            switch (step.Kind)
            {
                case EpisodeStepKind.Print:
                    await Print(cpu, step.Index);
                    break;
                case EpisodeStepKind.Snapshot:
                    snapshot = await cpu.ReadOnce(kvm.MmuInvalidateSeq);
                    break;
                case EpisodeStepKind.LockFresh:
                    await LockFresh(cpu, thread, step, snapshot);
                    isInFault = true;
                    break;
                case EpisodeStepKind.FindStale:
                    await FindStale(cpu, thread, step, snapshot);
                    break;
                case EpisodeStepKind.Lock:
                    await cpu.Lock(kvm.MmuLock);
                    break;
                case EpisodeStepKind.Unlock:
                    await (isInFault ? UnlockForFault(cpu) : cpu.Unlock(kvm.MmuLock));
                    isInFault = false;
                    break;
                case EpisodeStepKind.Yield:
                    await cpu.Unlock(kvm.MmuLock);
                    await cpu.Lock(kvm.MmuLock);
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

    // Nobody can go on, and not all is printed.
    private void Stuck() => explanation.EndsAt((int)At(WordOf.Cursor).Peek, owner);
}
