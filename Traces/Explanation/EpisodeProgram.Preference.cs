using System.Numerics;
using MmuStress.Explorer;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <content>Which order is tried first.</content>
internal sealed partial class EpisodeProgram
{
    /// <inheritdoc/>
    /// <remarks>Each thread does what is unseen right before its next event, and earlier only where another waits for it.</remarks>
    public int Prefer(ExploredMachine machine, ulong candidates, int current)
    {
        int cpu = PreferLateEnds(machine, candidates);
        int number = InvalidationOf(cpu);
        int end = number >= 0 && HidesFresh(number) != plan.Choices[number].Inverts ? AnyEnd(candidates) : -1;
        return end >= 0 ? end : cpu;
    }

    // Who has something to do at once.
    private void SetEager(int thread, EpisodeStep step)
    {
        int number = InvalidationOf(thread);
        bool isEager = step.IsEager && (number < 0 || plan.Choices[number].Begin == BeginTime.AtOnce);
        eager = isEager ? eager | (1UL << thread) : eager & ~(1UL << thread);
    }

    // An invalidation has begun: those that wait for that begin too.
    private void SetEagerAfterTheNext()
    {
        for (int thread = 0; thread < threads; thread++)
        {
            int number = InvalidationOf(thread);
            if (number >= 0 && plan.Choices[number].Begin == BeginTime.AfterTheNext && plan.Threads[thread].Steps[next[thread]].IsEager)
            {
                eager |= 1UL << thread;
            }
        }
    }

    // The invalidation that a CPU is about to begin; -1 for none.
    private int InvalidationOf(int cpu)
    {
        if (cpu >= threads)
        {
            return -1;
        }

        List<EpisodeStep> steps = plan.Threads[cpu].Steps;
        return next[cpu] + 1 < steps.Count && steps[next[cpu]].Kind == EpisodeStepKind.Lock && steps[next[cpu] + 1].Kind == EpisodeStepKind.Begin
            ? steps[next[cpu] + 1].Index : -1;
    }

    // Whether an invalidation must go on beside a fault that is fresh, and the range over it and those in progress would make that stale.
    private bool HidesFresh(int number)
    {
        if (kvm.MmuInvalidateInProgress.Peek == 0)
        {
            return false;
        }

        EpisodeInvalidation invalidation = plan.Episode.Invalidations[number];
        (ulong start, ulong end) = RangeOf(invalidation);
        start = Math.Min(start, kvm.MmuInvalidateRangeStart.Peek);
        end = Math.Max(end, kvm.MmuInvalidateRangeEnd.Peek);
        int cursor = (int)At(WordOf.Cursor).Peek;
        bool isHidden = false;
        foreach (EpisodeVerdict verdict in plan.Verdicts)
        {
            ulong position = plan.ByGfn ? verdict.Gfn : verdict.Hva;
            if (verdict.Event < cursor)
            {
                continue;
            }

            if (!verdict.IsStale)
            {
                isHidden |= start <= position && position < end && !invalidation.Covers(verdict.Hva);
            }
            else if (isHidden && verdict.Fault >= cursor && invalidation.Covers(verdict.Hva) && !IsCoveredLater(number, verdict))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsCoveredLater(int number, in EpisodeVerdict verdict)
    {
        for (int i = number + 1; i < plan.Unmaps.Count && plan.Unmaps[i] < verdict.Event; i++)
        {
            if (plan.Episode.Invalidations[i].Covers(verdict.Hva))
            {
                return true;
            }
        }

        return false;
    }

    private (ulong Start, ulong End) RangeOf(EpisodeInvalidation invalidation) =>
        !plan.ByGfn ? (invalidation.Start, invalidation.End)
        : invalidation.Frames is { } frames ? (frames.Min(f => f.First), frames.Max(f => f.End))
        : (0, Kvm.InvalidGpa);

    // Who can end an invalidation; -1 where nobody can.
    private int AnyEnd(ulong candidates)
    {
        for (int i = 0; i < endCpus.Count; i++)
        {
            if (endCpus[i] >= 0 && (candidates >> endCpus[i] & 1) != 0 && At(i, InvalidationWord.IsActive).Peek != 0 && At(i, InvalidationWord.HasZapped).Peek != 0)
            {
                return endCpus[i];
            }
        }

        return -1;
    }

    private int PreferLateEnds(ExploredMachine machine, ulong candidates)
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
        int writer = Lock.OwnerOf(kvm.MmuLock.State.Peek);
        for (int i = 0; writer < 0 && i < machine.CpuCount; i++)
        {
            if (i != cpu && machine.CpuAt(i).Held.Contains(kvm.MmuLock))
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
}
