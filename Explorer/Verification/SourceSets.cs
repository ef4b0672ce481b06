using System.Numerics;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Every interleaving up to equivalence, once each: depth-first search with source sets and sleep sets.</summary>
/// <remarks>
/// Two executions are equivalent when they differ in the order of steps that commute only. The search runs one execution to its end, looks
/// for pairs of steps that could have come in the other order (races), and notes for each where another CPU has to go first.
/// Source: Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction" (JACM 2017),
/// Source-DPOR. Differs: the accesses of a step are known when the next one is decided, since a step goes on to the next await; a lock's
/// acquisition races with the last acquisition and never with the release; a wait races with the last write before which it could go on.
/// Memory grows with the length of an execution.
/// </remarks>
/// <param name="symmetry">Which CPUs are interchangeable; null to tell all apart.</param>
/// <param name="commutesSections">Whether executions that differ only in the order of critical sections that commute count once.</param>
internal sealed class SourceSets(Symmetry? symmetry = null, bool commutesSections = false) : IStrategy
{
    // For a step that goes on to a choice of the environment: with another value it may access anything.
    private static readonly Access[] AccessToAnything = [new Access(Access.Anywhere, 0, AccessKind.Write)];

    // The kinds that change a word, and those that a lock's word is changed by as long as nobody does it by hand.
    private const int ExclusiveSections = (1 << (int)AccessKind.Acquire) | (1 << (int)AccessKind.Release) | (1 << (int)AccessKind.Section);
    private const int Sections = ExclusiveSections | (1 << (int)AccessKind.AcquireShared) | (1 << (int)AccessKind.ReleaseShared);
    private const int Changes = (Sections & ~(1 << (int)AccessKind.Section)) | (1 << (int)AccessKind.Write) | (1 << (int)AccessKind.Add) | (1 << (int)AccessKind.SetBits) | (1 << (int)AccessKind.PlainWrite);

    private readonly List<int> racing = [];
    private readonly List<int> commuting = []; // steps that a wait could not go on without, each by itself
    private readonly List<int> leftOut = []; // steps that a wait is to come before
    private readonly List<(bool IsOr, ulong Operand)> changes = [];
    private int cpus;
    private int count; // nodes of the current execution
    private int prefix; // how many of them are given
    private int recordFrom; // the first whose accesses are not known yet
    private int racesFrom; // the first whose races are not known yet
    private bool isBegun;
    private bool inSection; // the last step took a lock, and its CPU is about to give it back

    // One entry for each node: a step of a CPU, or a choice of the environment that belongs to the step before it.
    private Node[] nodes = new Node[256];
    private int[] clocks = [];
    private int[] sleepers = []; // for each node and CPU: where in asleep its next step's accesses begin
    private Undo[] undos = new Undo[1024];
    private int undoCount;
    private int[] lastStep = []; // of each CPU
    private int[] representatives = []; // for each node and CPU: the lowest CPU in the same position; only where symmetry counts

    // The accesses of steps that are asleep somewhere: a length, then the accesses.
    private Access[] asleep = new Access[256];
    private int asleepCount;

    /// <summary>Who goes on where the search has no reason to prefer anybody; null for whoever ran last.</summary>
    public IGuide? Guide { get; set; }

    /// <summary>What each step accesses; the machine's, too.</summary>
    public Footprints Footprints { get; } = new() { CountsPlain = commutesSections };

    /// <inheritdoc/>
    public bool IsReplay => true;

    /// <summary>How many decisions of the last execution the next one begins with, without its steps being looked at again.</summary>
    public int Repeated => recordFrom;

    /// <summary>How much of the search is done, from 0 to 1, by what is known now of what is left.</summary>
    public double Fraction
    {
        get
        {
            double done = 0;
            double weight = 1;
            for (int d = 0; d < count; d++)
            {
                ref Node node = ref nodes[d];
                ulong backtrack = node.Shared?.Backtrack ?? node.Backtrack;
                int all = node.IsChoice ? node.Alternatives : BitOperations.PopCount(backtrack & ~node.Sleep);
                int past = node.IsChoice ? node.Chosen : BitOperations.PopCount(node.Done);
                weight /= Math.Max(all, 1);
                done += weight * past;
            }

            return Math.Min(done, 1);
        }
    }

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        if (isBegun && !Backtrack())
        {
            return false;
        }

        isBegun = true;
        count = recordFrom;
        inSection = false;
        Footprints.IsRecording = false;
        return true;
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
    {
        if (count == recordFrom)
        {
            FirstStep(machine.CpuCount);
        }
        else
        {
            CompleteStep(machine, isOver: false);
        }

        int d = count;
        if (d < prefix)
        {
            ref Node given = ref nodes[d];
            if (given.IsChoice || (enabled >> given.Chosen & 1) == 0)
            {
                throw new ScheduleMismatchException(d + 1, "the step that was performed there before", "a program that does something else when it is run again");
            }

            count++;
            BeginStep(machine, d);
            return given.Chosen;
        }

        Reserve(d + 1);
        if (inSection)
        {
            int holder = nodes[d - 1].Cpu;
            if (symmetry is not null)
            {
                _ = Representatives(d, 0, 0);
            }

            nodes[d] = new Node { Chosen = holder, Enabled = enabled, Backtrack = 1UL << holder, AsleepStart = asleepCount };
            count++;
            BeginStep(machine, d);
            return holder;
        }

        ulong sleep = SleepAt(d);
        ulong candidates = enabled & ~sleep;
        if (symmetry is not null)
        {
            candidates = Representatives(d, candidates, sleep);
        }

        if (candidates == 0)
        {
            return -1;
        }

        int next = Guide is { } guide ? guide.Prefer(machine, candidates, current)
            : current >= 0 && (candidates >> current & 1) != 0 && !RetriesInVain(machine, current) ? current
            : Following(candidates, current);
        if (machine.OnlyRetriers && IsUnfair(next, d))
        {
            return -1;
        }

        nodes[d] = new Node { Chosen = next, Enabled = enabled, Backtrack = 1UL << next, Sleep = sleep, AsleepStart = asleepCount };
        count++;
        BeginStep(machine, d);
        return next;
    }

    // Those that retry although nothing has changed take turns: one of them may give up and do what another one waits for.
    private static bool RetriesInVain(ExploredMachine machine, int cpu) =>
        machine.Pending(cpu).Kind == OperationKind.CondResched && !machine.CpuAt(cpu).SeesChange();

    private static int Following(ulong candidates, int current)
    {
        ulong after = candidates & ~((2UL << current) - 1);
        return BitOperations.TrailingZeroCount(current < 0 || after == 0 ? candidates : after);
    }

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives)
    {
        int d = count++;
        if (d < prefix)
        {
            return nodes[d].Chosen;
        }

        Reserve(d + 1);
        nodes[d] = new Node { IsChoice = true, Alternatives = alternatives, Cpu = nodes[d - 1].Cpu, Step = d - 1 };
        nodes[d].Step = nodes[d - 1].IsChoice ? nodes[d - 1].Step : d - 1;
        return 0;
    }

    /// <inheritdoc/>
    public void End(ExploredMachine machine)
    {
        CompleteStep(machine, isOver: true);
        Footprints.IsRecording = false;
        if (machine.Violation is null)
        {
            ReverseRacesOfStuck(machine);
        }
    }

    // Whoever waits at the end could have gone on earlier, before a step that then made it wait: the race is with an operation that never came.
    private void ReverseRacesOfStuck(ExploredMachine machine)
    {
        int d = count;
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            ref readonly Operation pending = ref machine.Pending(cpu);
            if (!pending.CanWait || pending.Kind == OperationKind.WaitForOthers || machine.IsReady(cpu))
            {
                continue;
            }

            Reserve(d + 1);
            nodes[d] = new Node { Chosen = cpu, PreviousStep = lastStep[cpu], IsPending = true };
            Announce(machine, d);
            nodes[d].AccessEnd = Footprints.Count;
            ReverseRacesOfWait(d);
            Footprints.Truncate(nodes[d].AccessStart);
        }
    }

    // Whether the CPU is where it was at its last retry, nobody else having done anything since, although somebody could: then it can go round
    // for ever, and that somebody has to go on instead.
    private bool IsUnfair(int cpu, int d)
    {
        int last = d - 1;
        while (last >= 0 && (nodes[last].Cpu != cpu || nodes[last].Kind != OperationKind.CondResched || nodes[last].IsChoice))
        {
            if (nodes[last].Cpu != cpu)
            {
                return false;
            }

            last--;
        }

        bool isUnfair = false;
        for (int i = last + 1; last >= 0 && nodes[last].IsLast && i < d; i++)
        {
            ulong others = nodes[i].IsChoice ? 0 : nodes[i].Enabled & ~(1UL << cpu);
            isUnfair |= others != 0;
            for (; others != 0; others &= others - 1)
            {
                int other = BitOperations.TrailingZeroCount(others);
                GoFirst(i, 1UL << other, other);
            }
        }

        return isUnfair;
    }

    // Of CPUs in the same position one goes first; none where the executions in which one does are explored elsewhere.
    private ulong Representatives(int d, ulong candidates, ulong sleep)
    {
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            int representative = symmetry!.Representative(cpu);
            representatives[(d * cpus) + cpu] = representative;
            if (representative != cpu || IsLikeASleeper(cpu, sleep))
            {
                candidates &= ~(1UL << cpu);
            }
        }

        return candidates;
    }

    private bool IsLikeASleeper(int cpu, ulong sleep)
    {
        for (ulong left = sleep; left != 0; left &= left - 1)
        {
            if (symmetry!.Representative(BitOperations.TrailingZeroCount(left)) == cpu)
            {
                return true;
            }
        }

        return false;
    }

    // The initials of node j, each replaced by the CPU that stands for it there.
    private ulong RepresentativesOf(ulong initials, int j)
    {
        ulong result = 0;
        for (; initials != 0; initials &= initials - 1)
        {
            result |= 1UL << representatives[(j * cpus) + BitOperations.TrailingZeroCount(initials)];
        }

        return result;
    }

    private void FirstStep(int cpuCount)
    {
        if (cpus == 0)
        {
            cpus = cpuCount;
            lastStep = new int[cpus];
            Array.Fill(lastStep, -1);
            Footprints.Begin(cpus);
            clocks = new int[nodes.Length * cpus];
            sleepers = new int[nodes.Length * cpus];
            representatives = symmetry is null ? [] : new int[nodes.Length * cpus];
        }
    }

    private void Reserve(int length)
    {
        if (length > nodes.Length)
        {
            Array.Resize(ref nodes, nodes.Length * 2);
            Array.Resize(ref clocks, nodes.Length * cpus);
            Array.Resize(ref sleepers, nodes.Length * cpus);
            Array.Resize(ref representatives, symmetry is null ? 0 : nodes.Length * cpus);
        }
    }

    private void BeginStep(ExploredMachine machine, int d)
    {
        Footprints.IsRecording = true;
        Announce(machine, d);
    }

    // Takes down the operation with which the step of node d begins.
    private void Announce(ExploredMachine machine, int d)
    {
        ref Node node = ref nodes[d];
        node.Cpu = node.Chosen;
        node.AccessStart = Footprints.Count;
        ref readonly Operation pending = ref machine.Pending(node.Chosen);
        node.Kind = pending.Kind;
        node.Awaited = pending.A;
        node.IsLast = pending.Kind == OperationKind.WaitForOthers || RetriesInVain(machine, node.Chosen);
        node.IsComplete = false;
        Footprints.Operation(machine.CpuAt(node.Chosen));
        node.AwaitedCount = pending.Kind == OperationKind.CondResched ? Footprints.Count - node.AccessStart : 1;
    }

    // The CPU has reached its next operation, so everything that the last step did is known.
    private void CompleteStep(ExploredMachine machine, bool isOver)
    {
        int d = count - 1;
        while (d >= 0 && nodes[d].IsChoice)
        {
            d--;
        }

        if (d < recordFrom || nodes[d].IsComplete)
        {
            return;
        }

        ref Node node = ref nodes[d];
        node.AccessEnd = Footprints.Count;
        if (inSection && nodes[d].Kind == OperationKind.Unlock)
        {
            CompleteSection(d);
        }
        else if (commutesSections && !isOver && count - 1 == d && IsAtItsEnd(machine, d))
        {
            inSection = true;
            return;
        }

        CompleteStep(d);
    }

    // Whether the CPU that has just taken a lock is about to give it back.
    private bool IsAtItsEnd(ExploredMachine machine, int d)
    {
        if (nodes[d].Kind != OperationKind.Lock || (d + 1 < prefix && nodes[d + 1].Chosen != nodes[d].Cpu) || (Footprints.HistoryAt(nodes[d].AccessStart).Kinds & ~Sections) != 0)
        {
            return false;
        }

        Access taken = Footprints[nodes[d].AccessStart];
        ref readonly Operation next = ref machine.Pending(nodes[d].Cpu);
        return next.Kind == OperationKind.Unlock && next.Block!.Id == taken.Block && next.Index == taken.Index;
    }

    // Step d has given back the lock that the step before it took. Where that is all it did, nothing can usefully come between the two.
    private void CompleteSection(int d)
    {
        inSection = false;
        ref Node end = ref nodes[d];
        if (count - 1 == d && end.AccessEnd == end.AccessStart + 1)
        {
            Footprints.MakeSection(nodes[d - 1].AccessStart);
            Footprints.Truncate(end.AccessStart);
            end.AccessEnd = end.AccessStart;
            end.Enabled = 1UL << end.Chosen;
        }

        CompleteStep(d - 1);
        if (d >= prefix)
        {
            end.Sleep = SleepAt(d);
        }
    }

    private void CompleteStep(int d)
    {
        ref Node node = ref nodes[d];
        node.IsComplete = true;
        node.UndoStart = undoCount;
        node.PreviousStep = lastStep[node.Cpu];
        Order(d);
        lastStep[node.Cpu] = d;
        node.Shared?.Publish(node.Cpu, count - 1 > d && nodes[d + 1].IsChoice ? AccessToAnything : AccessesOf(d));
    }

    private Access[] AccessesOf(int d)
    {
        var accesses = new Access[nodes[d].AccessEnd - nodes[d].AccessStart];
        for (int i = 0; i < accesses.Length; i++)
        {
            accesses[i] = Footprints[nodes[d].AccessStart + i];
        }

        return accesses;
    }

    private bool IsBefore(int step, ReadOnlySpan<int> clock) => clock[nodes[step].Cpu] >= step;

    private Span<int> ClockOf(int step) => clocks.AsSpan(step * cpus, cpus);

    // What the CPU of step d was ordered after before it performed that step.
    private ReadOnlySpan<int> ClockBefore(int d)
    {
        int previous = nodes[d].PreviousStep;
        return previous < 0 ? [] : ClockOf(previous);
    }

    // Places step d in the order of the execution, notes it at the locations that it accesses, and finds the steps that it races with:
    // those that could as well have come after it, nothing in between being ordered after them and before d.
    private void Order(int d)
    {
        ref Node node = ref nodes[d];
        int cpu = node.Cpu;
        Span<int> clock = ClockOf(d);
        ReadOnlySpan<int> before = ClockBefore(d);
        if (before.IsEmpty)
        {
            clock.Fill(-1);
        }
        else
        {
            before.CopyTo(clock);
        }

        racing.Clear();
        for (int i = node.AccessStart; i < node.AccessEnd; i++)
        {
            LocationHistory history = Footprints.HistoryAt(i);
            int[] last = history.Last;
            AccessKind kind = Footprints[i].Kind;
            ushort racers = Access.Racers(kind);
            for (int left = history.Kinds & Access.Dependents(kind); left != 0; left &= left - 1)
            {
                int other = BitOperations.TrailingZeroCount(left);
                bool isRace = (racers >> other & 1) != 0;
                int first = other * cpus;
                for (int q = 0; q < cpus; q++)
                {
                    int step = last[first + q];
                    if (step < 0 || q == cpu)
                    {
                        continue;
                    }

                    if (isRace && (before.IsEmpty || before[q] < step) && !racing.Contains(step))
                    {
                        racing.Add(step);
                    }

                    if (step > clock[q])
                    {
                        Join(clock, step);
                    }
                }
            }

            int slot = ((int)kind * cpus) + cpu;
            if (last[slot] != d)
            {
                Remember(history, slot);
                last[slot] = d;
            }
        }

        if (node.IsLast)
        {
            foreach (int step in lastStep)
            {
                Join(clock, step);
            }
        }

        clock[cpu] = d;
        if (d >= racesFrom)
        {
            ReverseRaces(d);
        }
    }

    private void Join(Span<int> clock, int step)
    {
        if (step < 0)
        {
            return;
        }

        ReadOnlySpan<int> from = ClockOf(step);
        for (int i = 0; i < clock.Length; i++)
        {
            if (from[i] > clock[i])
            {
                clock[i] = from[i];
            }
        }
    }

    private void Remember(LocationHistory history, int slot)
    {
        if (undoCount == undos.Length)
        {
            Array.Resize(ref undos, undoCount * 2);
        }

        undos[undoCount++] = new Undo(history, slot, history.Last[slot]);
    }

    private void ReverseRaces(int d)
    {
        ref Node node = ref nodes[d];
        if (node.Kind == OperationKind.WaitForOthers || (racing.Count == 0 && !node.IsLast))
        {
            return;
        }

        if (IsConditional(d))
        {
            ReverseRacesOfWait(d);
            return;
        }

        foreach (int step in racing)
        {
            bool isImmediate = true;
            foreach (int later in racing)
            {
                isImmediate &= later == step || !IsBefore(step, ClockOf(later));
            }

            if (isImmediate)
            {
                Reverse(step, d);
            }
        }
    }

    // Whether step d could not have come at just any place before the last step that it depends on. The last section of a lock that nobody
    // shares is no such case: without it the lock was free, unless what d does after it took the lock races, too.
    private bool IsConditional(int d)
    {
        ref Node node = ref nodes[d];
        return node.Kind switch
        {
            OperationKind.WaitUntilEqual or OperationKind.WaitUntilNotEqual or OperationKind.Down or OperationKind.CondResched => true,
            OperationKind.Lock => (Footprints.HistoryAt(node.AccessStart).Kinds & ~ExclusiveSections) != 0 || AreRacingElsewhere(d),
            OperationKind.ReadLock => (Footprints.HistoryAt(node.AccessStart).Kinds & ~Sections) != 0 || AreRacingElsewhere(d),
            _ => false,
        };
    }

    private bool AreRacingElsewhere(int d)
    {
        Access mine = Footprints[nodes[d].AccessStart];
        foreach (int step in racing)
        {
            bool isSame = false;
            for (int i = nodes[step].AccessStart; i < nodes[step].AccessEnd; i++)
            {
                Access other = Footprints[i];
                isSame |= mine.Block == other.Block && mine.Index == other.Index && (other.Kind == AccessKind.Section || (Access.Racers(mine.Kind) >> (int)other.Kind & 1) != 0);
            }

            if (!isSame)
            {
                return true;
            }
        }

        return false;
    }

    // A wait races with the last step before which it could go on already, of those that nothing else orders.
    private void ReverseRacesOfWait(int d)
    {
        ReadOnlySpan<int> before = ClockBefore(d);
        racing.Clear();
        commuting.Clear();
        for (int k = d - 1; k >= 0; k--)
        {
            ref Node node = ref nodes[k];
            if (node.IsChoice || node.Cpu == nodes[d].Cpu || (!before.IsEmpty && before[node.Cpu] >= k) || !AreRacing(k, d) || IsBeforeAny(k, racing))
            {
                continue;
            }

            leftOut.Clear();
            leftOut.Add(k);
            if (CouldGoOnWithout(d))
            {
                racing.Add(k);
                Reverse(k, d);
            }
            else if (CommutesWithItself(k, d))
            {
                commuting.Add(k);
            }
        }

        leftOut.Clear();
        if (commuting.Count > 1)
        {
            ReverseTogether(d, 0);
        }

        leftOut.Clear();
    }

    // Where additions commute, a wait may go on only without several of them that nothing orders: 0 is the sum of none, and of +1 and -1.
    private void ReverseTogether(int d, int from)
    {
        for (int c = from; c < commuting.Count; c++)
        {
            int k = commuting[c];
            if (IsBeforeAny(k, racing) || IsBeforeAny(k, leftOut))
            {
                continue;
            }

            leftOut.Add(k);
            if (leftOut.Count > 1 && CouldGoOnWithout(d))
            {
                Reverse(k, d);
            }
            else
            {
                ReverseTogether(d, c + 1);
            }

            leftOut.RemoveAt(leftOut.Count - 1);
        }
    }

    private bool IsBeforeAny(int k, List<int> steps)
    {
        foreach (int step in steps)
        {
            if (IsBefore(k, ClockOf(step)))
            {
                return true;
            }
        }

        return false;
    }

    // Whether step k does something to what step d waits for that other steps may do without being ordered.
    private bool CommutesWithItself(int k, int d)
    {
        for (int awaited = nodes[d].AccessStart; awaited < nodes[d].AccessStart + nodes[d].AwaitedCount; awaited++)
        {
            int change = ChangeBy(k, awaited);
            if (change >= 0 && Footprints[change].Kind is AccessKind.Add or AccessKind.SetBits or AccessKind.AcquireShared or AccessKind.ReleaseShared)
            {
                return true;
            }
        }

        return false;
    }

    // Whether step d could go on if the steps that are left out, and all that comes after them, had not happened.
    private bool CouldGoOnWithout(int d)
    {
        ref Node node = ref nodes[d];
        ulong value = ValueWithout(node.AccessStart, d);
        switch (node.Kind)
        {
            case OperationKind.WaitUntilEqual:
                return value == node.Awaited;
            case OperationKind.WaitUntilNotEqual:
                return value != node.Awaited;
            case OperationKind.Down:
                return value != 0;
            case OperationKind.Lock:
                return Lock.IsFree(value);
            case OperationKind.ReadLock:
                return Lock.AdmitsReader(value);
            default:
                for (int i = node.AccessStart; i < node.AccessStart + node.AwaitedCount; i++)
                {
                    if (ValueWithout(i, d) != Footprints.ValueSeen(i))
                    {
                        return true;
                    }
                }

                return false;
        }
    }

    // What the word of the given access of step d would hold before it.
    private ulong ValueWithout(int access, int d)
    {
        ulong value = Footprints.ValueBefore(access); // after the change that is looked at, going backwards
        changes.Clear();
        for (int i = d - 1; i >= 0; i--)
        {
            int change = nodes[i].IsChoice ? -1 : ChangeBy(i, access);
            if (change < 0)
            {
                continue;
            }

            AccessKind kind = Footprints[change].Kind;
            bool stays = !IsLeftOut(i);
            if (stays && kind is AccessKind.Write or AccessKind.PlainWrite)
            {
                break; // all changes before it stay as well
            }

            ulong before = Footprints.ValueBefore(change);
            if (stays)
            {
                changes.Add(kind == AccessKind.SetBits ? (true, nodes[i].Awaited) : (false, value - before));
            }

            value = before;
        }

        for (int i = changes.Count - 1; i >= 0; i--)
        {
            (bool isOr, ulong operand) = changes[i];
            value = isOr ? value | operand : value + operand;
        }

        return value;
    }

    // The first access by which step k changes the word of the given access; -1 where it does not.
    private int ChangeBy(int k, int access)
    {
        Access mine = Footprints[access];
        for (int i = nodes[k].AccessStart; i < nodes[k].AccessEnd; i++)
        {
            Access other = Footprints[i];
            if (mine.Block == other.Block && mine.Index == other.Index && (Changes >> (int)other.Kind & 1) != 0)
            {
                return i;
            }
        }

        return -1;
    }

    private bool IsLeftOut(int i)
    {
        ReadOnlySpan<int> clock = ClockOf(i);
        foreach (int step in leftOut)
        {
            if (IsBefore(step, clock))
            {
                return true;
            }
        }

        return false;
    }

    // Makes sure that an execution is explored in which what follows step j without depending on it, and then d, comes before j.
    private void Reverse(int j, int d)
    {
        ref Node at = ref nodes[j];
        int cpu = nodes[d].Cpu;
        ulong initials = InitialsOf(j, d);
        GoFirst(j, initials & at.Enabled, cpu);
    }

    // Sees to it that one of the CPUs, all of which can, goes on at node j in some execution.
    private void GoFirst(int j, ulong initials, int preferred)
    {
        ref Node at = ref nodes[j];
        if (symmetry is not null)
        {
            initials = RepresentativesOf(initials, j);
        }

        if (initials == 0 || (at.Sleep & initials) != 0)
        {
            return;
        }

        if (at.Shared is { } shared)
        {
            shared.Add(initials, preferred);
        }
        else if ((at.Backtrack & initials) == 0)
        {
            at.Backtrack |= OneOf(initials, preferred);
        }
    }

    /// <summary>The CPU that goes first in another execution: <paramref name="preferred"/> where it can, else the lowest.</summary>
    internal static ulong OneOf(ulong initials, int preferred) => (initials >> preferred & 1) != 0 ? 1UL << preferred : initials & (~initials + 1);

    private bool AreRacing(int k, int d)
    {
        for (int a = nodes[d].AccessStart; a < nodes[d].AccessEnd; a++)
        {
            Access mine = Footprints[a];
            for (int b = nodes[k].AccessStart; b < nodes[k].AccessEnd; b++)
            {
                Access other = Footprints[b];
                if (mine.Block == other.Block && mine.Index == other.Index && (Access.Racers(mine.Kind) >> (int)other.Kind & 1) != 0)
                {
                    return true;
                }
            }
        }

        return false;
    }

    // The CPUs that can begin the part of the execution after j that does not depend on j, with d at its end.
    private ulong InitialsOf(int j, int d)
    {
        Span<int> first = stackalloc int[cpus]; // each CPU's first step in that part
        first.Fill(int.MaxValue);
        ulong initials = 0;
        ulong seen = 0;
        int q = nodes[j].Cpu;
        for (int k = j + 1; k < d; k++)
        {
            ref Node node = ref nodes[k];
            ulong bit = 1UL << node.Cpu;
            if (node.IsChoice || (seen & bit) != 0)
            {
                continue;
            }

            ReadOnlySpan<int> clock = ClockOf(k);
            if (clock[q] >= j || (leftOut.Count > 1 && IsLeftOut(k)))
            {
                continue;
            }

            seen |= bit;
            first[node.Cpu] = k;
            if (!ComesAfterAny(clock, first, seen & ~bit))
            {
                initials |= bit;
            }
        }

        int cpu = nodes[d].Cpu;
        if ((seen >> cpu & 1) == 0 && (nodes[d].IsPending ? initials == 0 : !DependsOnAny(j, d)))
        {
            initials |= 1UL << cpu;
        }

        return initials;
    }

    private static bool ComesAfterAny(ReadOnlySpan<int> clock, ReadOnlySpan<int> first, ulong seen)
    {
        for (; seen != 0; seen &= seen - 1)
        {
            int other = BitOperations.TrailingZeroCount(seen);
            if (clock[other] >= first[other])
            {
                return true;
            }
        }

        return false;
    }

    private bool DependsOnAny(int j, int d)
    {
        int q = nodes[j].Cpu;
        for (int k = j + 1; k < d; k++)
        {
            ref Node node = ref nodes[k];
            if (node.IsChoice || ClockOf(k)[q] >= j || (leftOut.Count > 1 && IsLeftOut(k)))
            {
                continue;
            }

            for (int a = nodes[d].AccessStart; a < nodes[d].AccessEnd; a++)
            {
                for (int b = node.AccessStart; b < node.AccessEnd; b++)
                {
                    if (Footprints[a].DependsOn(Footprints[b]))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    // Who sleeps at node d: those asleep before the last step, or already explored in its place, whose next step does not depend on it.
    private ulong SleepAt(int d)
    {
        int p = d - 1;
        while (p >= 0 && nodes[p].IsChoice)
        {
            p--;
        }

        if (p < 0)
        {
            return 0;
        }

        ref Node parent = ref nodes[p];
        ulong sleep = 0;
        for (ulong left = (parent.Sleep | parent.Done) & ~(1UL << parent.Cpu); left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            int start = sleepers[(p * cpus) + cpu];
            if (!DependsOn(start, ref parent))
            {
                sleep |= 1UL << cpu;
                sleepers[(d * cpus) + cpu] = start;
            }
        }

        return sleep;
    }

    private bool DependsOn(int start, ref Node node)
    {
        int length = asleep[start].Block;
        for (int i = start + 1; i <= start + length; i++)
        {
            for (int a = node.AccessStart; a < node.AccessEnd; a++)
            {
                if (asleep[i].Block == Access.Anywhere || asleep[i].DependsOn(Footprints[a]))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool Backtrack()
    {
        while (count > 0)
        {
            int d = count - 1;
            ref Node node = ref nodes[d];
            if (node.IsChoice)
            {
                if (++node.Chosen < node.Alternatives)
                {
                    KeepAccesses(node.Step); // with this choice the step may access something else
                    return Continue(node.Step, d + 1);
                }

                count--;
                continue;
            }

            if (node.Shared is { } shared)
            {
                Forget(d);
                if (shared.TryClaim(out int claimed, out ulong before))
                {
                    node.Chosen = claimed;
                    node.Done = before;
                    LoadSleepers(d, shared);
                    return Continue(d, d + 1);
                }

                asleepCount = node.AsleepStart;
                count--;
                continue;
            }

            node.Done |= 1UL << node.Chosen;
            ulong candidates = node.Backtrack & ~node.Done & ~node.Sleep;
            if (candidates != 0)
            {
                KeepAccesses(d);
                node.HasKept = false;
                Forget(d);
                node.Chosen = BitOperations.TrailingZeroCount(candidates);
                return Continue(d, d + 1);
            }

            Forget(d);
            asleepCount = node.AsleepStart;
            count--;
        }

        return false;
    }

    private bool Continue(int firstUnknown, int given)
    {
        for (int d = count - 1; d >= firstUnknown; d--)
        {
            Forget(d);
        }

        prefix = given;
        recordFrom = firstUnknown;
        racesFrom = firstUnknown;
        Footprints.Truncate(firstUnknown == 0 ? 0 : EndOfAccessesBefore(firstUnknown));
        return true;
    }

    private int EndOfAccessesBefore(int d)
    {
        do
        {
            d--;
        }
        while (d >= 0 && nodes[d].IsChoice);
        return d < 0 ? 0 : nodes[d].AccessEnd;
    }

    // What the step of node d accesses, under this and all earlier values of its choices, for when its CPU sleeps there.
    private void KeepAccesses(int d)
    {
        ref Node node = ref nodes[d];
        int slot = (d * cpus) + node.Chosen;
        int start = asleepCount;
        int known = node.HasKept ? sleepers[slot] : -1;
        Reserve(ref asleep, asleepCount + 1 + (node.AccessEnd - node.AccessStart) + (known < 0 ? 0 : asleep[known].Block));
        asleepCount++;
        if (known >= 0)
        {
            for (int i = known + 1; i <= known + asleep[known].Block; i++)
            {
                asleep[asleepCount++] = asleep[i];
            }
        }

        for (int i = node.AccessStart; i < node.AccessEnd; i++)
        {
            asleep[asleepCount++] = Footprints[i];
        }

        asleep[start] = new Access(asleepCount - start - 1, 0, AccessKind.Read);
        sleepers[slot] = start;
        node.HasKept = true;
    }

    // Whoever sleeps at a shared node, or has been claimed there before.
    private void LoadSleepers(int d, SharedNode shared)
    {
        for (ulong left = nodes[d].Sleep | nodes[d].Done; left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            PutToSleep(d, cpu, shared.AccessesOf(cpu));
        }
    }

    private void PutToSleep(int d, int cpu, ReadOnlySpan<Access> accesses)
    {
        Reserve(ref asleep, asleepCount + 1 + accesses.Length);
        sleepers[(d * cpus) + cpu] = asleepCount;
        asleep[asleepCount++] = new Access(accesses.Length, 0, AccessKind.Read);
        accesses.CopyTo(asleep.AsSpan(asleepCount));
        asleepCount += accesses.Length;
    }

    private ReadOnlySpan<Access> Sleeper(int d, int cpu)
    {
        int start = sleepers[(d * cpus) + cpu];
        return asleep.AsSpan(start + 1, asleep[start].Block);
    }

    private static void Reserve(ref Access[] accesses, int length)
    {
        if (length > accesses.Length)
        {
            Array.Resize(ref accesses, Math.Max(length, accesses.Length * 2));
        }
    }

    private void Forget(int d)
    {
        ref Node node = ref nodes[d];
        if (node.IsChoice || !node.IsComplete)
        {
            return;
        }

        while (undoCount > node.UndoStart)
        {
            Undo undo = undos[--undoCount];
            undo.History.Last[undo.Slot] = undo.Value;
        }

        lastStep[node.Cpu] = node.PreviousStep;
        node.IsComplete = false;
    }

    /// <summary>Gives away the alternative nearest to the beginning, for another worker; null where there is none, or where choices of the environment stand before it.</summary>
    public SearchTask? Split()
    {
        for (int j = 0; j < recordFrom && !nodes[j].IsChoice && !nodes[j + 1].IsChoice; j++)
        {
            ref Node node = ref nodes[j];
            if (node.Shared is null && (node.Backtrack & ~node.Done & ~node.Sleep & ~(1UL << node.Chosen)) == 0)
            {
                continue;
            }

            for (int k = 0; k <= j; k++)
            {
                nodes[k].Shared ??= Share(k);
            }

            if (node.Shared!.TryClaim(out int claimed, out ulong before))
            {
                var given = new TaskNode[j + 1];
                for (int k = 0; k <= j; k++)
                {
                    given[k] = new TaskNode { Representatives = RepresentativesAt(k), Chosen = nodes[k].Chosen, Enabled = nodes[k].Enabled, Sleep = nodes[k].Sleep, Shared = nodes[k].Shared };
                }

                given[j] = given[j] with { Chosen = claimed, Done = before };
                return new SearchTask(cpus, given, j);
            }
        }

        return null;
    }

    /// <summary>Whether other workers may wait to learn what the step that the next execution begins with accesses, so that it must be performed.</summary>
    public bool IsAwaited => prefix > 0 && nodes[prefix - 1].Shared is not null;

    /// <summary>All that is left to do, the execution that has just been begun included, to be taken up again later.</summary>
    public SearchTask Rest()
    {
        isBegun = false;
        var left = new TaskNode[prefix];
        for (int d = 0; d < prefix; d++)
        {
            ref Node node = ref nodes[d];
            left[d] = new TaskNode
            {
                Chosen = node.Chosen,
                Alternatives = node.Alternatives,
                Step = node.Step,
                Enabled = node.Enabled,
                Backtrack = node.Backtrack,
                Done = node.Done,
                Sleep = node.Sleep,
                HasKept = node.HasKept,
                Shared = node.Shared,
                Representatives = node.IsChoice ? null : RepresentativesAt(d),
                Sleepers = node.IsChoice || node.Shared is not null ? null : SleepersAt(d),
            };
        }

        return new SearchTask(cpus, left, recordFrom);
    }

    /// <summary>Takes up what another worker gave away, or an earlier search left.</summary>
    public void TakeUp(SearchTask task)
    {
        for (int d = count - 1; d >= 0; d--)
        {
            Forget(d);
        }

        count = 0;
        undoCount = 0;
        asleepCount = 0;
        Footprints.Truncate(0);
        isBegun = false;
        prefix = task.Nodes.Count;
        recordFrom = 0;
        racesFrom = task.FirstUnknown;
        if (task.Cpus == 0)
        {
            return; // from the very beginning
        }

        FirstStep(task.Cpus);
        for (int d = 0; d < prefix; d++)
        {
            TaskNode given = task.Nodes[d];
            Reserve(d + 1);
            nodes[d] = new Node
            {
                Chosen = given.Chosen,
                IsChoice = given.IsChoice,
                Alternatives = given.Alternatives,
                Step = given.Step,
                Enabled = given.Enabled,
                Backtrack = given.Backtrack,
                Done = given.Done,
                Sleep = given.Sleep,
                HasKept = given.HasKept,
                Shared = given.Shared,
                AsleepStart = asleepCount,
            };
            given.Representatives?.CopyTo(representatives.AsSpan(d * cpus));
            if (given.Shared is { } shared)
            {
                LoadSleepers(d, shared);
            }
            else if (given.Sleepers is { } known)
            {
                foreach ((int cpu, Access[] accesses) in known)
                {
                    PutToSleep(d, cpu, accesses);
                }
            }
        }
    }

    private Dictionary<int, Access[]> SleepersAt(int d)
    {
        var known = new Dictionary<int, Access[]>();
        ulong asleepHere = nodes[d].Sleep | nodes[d].Done | (nodes[d].HasKept ? 1UL << nodes[d].Chosen : 0);
        for (ulong left = asleepHere; left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            known[cpu] = Sleeper(d, cpu).ToArray();
        }

        return known;
    }

    private int[]? RepresentativesAt(int d) => symmetry is null ? null : representatives.AsSpan(d * cpus, cpus).ToArray();

    private SharedNode Share(int d)
    {
        ref Node node = ref nodes[d];
        var shared = new SharedNode(node.Backtrack, node.Done | (1UL << node.Chosen), node.Sleep);
        for (ulong left = node.Sleep | node.Done; left != 0; left &= left - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(left);
            shared.Publish(cpu, Sleeper(d, cpu).ToArray());
        }

        shared.Publish(node.Chosen, AccessesOf(d));
        return shared;
    }

    private struct Node
    {
        public int Chosen;
        public int Cpu;
        public bool IsChoice;
        public int Alternatives;
        public int Step; // the step that a choice belongs to
        public ulong Enabled;
        public ulong Backtrack;
        public ulong Done;
        public ulong Sleep;
        public int AccessStart;
        public int AccessEnd;
        public int UndoStart;
        public int PreviousStep;
        public int AsleepStart;
        public bool IsLast; // it could go on only because nobody else could
        public OperationKind Kind;
        public ulong Awaited;
        public int AwaitedCount; // how many of its first accesses are to words that it waits for
        public bool IsComplete;
        public bool IsPending; // it was not performed, so what else it would access is not known
        public bool HasKept;
        public SharedNode? Shared; // where several workers take alternatives
    }

    private readonly record struct Undo(LocationHistory History, int Slot, int Value);
}
