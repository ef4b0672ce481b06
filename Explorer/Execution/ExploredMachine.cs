using System.Globalization;
using System.Numerics;
using System.Text;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>The machine under full control: every CPU is a coroutine, and a strategy decides at each step which one goes on.</summary>
/// <remarks>
/// One object runs any number of schedules, one after another, on one thread; memory, CPUs and bookkeeping are reused, so that memory use
/// does not depend on how many. A CPU that is chosen again goes on without being suspended, which is what makes runs with few preemptions cheap.
/// </remarks>
public sealed class ExploredMachine : Multiprocessor
{
    /// <summary>How many CPUs an explored run can have.</summary>
    public const int MaxCpus = 64;

    private readonly ExplorationLimits limits;
    private ExploredCpu[] cpus = [];
    private readonly List<Action> endChecks = [];
    private IStrategy strategy = null!;
    private ushort[] decisions = new ushort[256];
    private int cpuCount;
    private int chosen;
    private int lastRun;
    private int sameCpuSteps;
    private ulong runnable;
    private ulong waiting;
    private ulong disabled;
    private bool mustYield;
    private bool isFair;
    private int progressAt;
    private bool checkLeaks;
    private SplitMix64 fairRandom;
    private Footprints? footprints;
    private int given;

    /// <summary>A machine without CPUs.</summary>
    /// <param name="limits">When a run counts as endless.</param>
    /// <param name="wordsPerPage">How many 64-bit words a page has.</param>
    /// <param name="memory">What a read may see.</param>
    public ExploredMachine(ExplorationLimits? limits = null, int wordsPerPage = 512, MemoryModel memory = MemoryModel.Sc)
        : base(recycleMemory: true, wordsPerPage)
    {
        this.limits = limits ?? new ExplorationLimits();
        Weak = memory == MemoryModel.Sc ? null : new GraphMemory(this, memory);
    }

    /// <summary>A machine whose executions <paramref name="search"/> enumerates.</summary>
    internal ExploredMachine(ExplorationLimits limits, int wordsPerPage, MemoryModel memory, GraphSearch search)
        : base(recycleMemory: true, wordsPerPage)
    {
        this.limits = limits;
        Weak = new GraphMemory(this, memory);
        Weak.Decide(search);
    }

    /// <inheritdoc/>
    public override int SrcuShards => 1;

    /// <inheritdoc/>
    public override bool IsWeak => Weak is not null;

    /// <summary>How many CPUs this run has.</summary>
    public int CpuCount => cpuCount;

    /// <summary>How many steps were performed in this run.</summary>
    public int Steps { get; private set; }

    /// <summary>How many of them took the machine from a CPU that could have gone on.</summary>
    public int Preemptions { get; private set; }

    /// <summary>The steps at which more than one CPU could have run.</summary>
    public int BranchingSteps { get; private set; }

    /// <summary>What was decided so far: a CPU's number, or 256 and a choice of the environment.</summary>
    public ReadOnlySpan<ushort> Decisions => decisions.AsSpan(0, DecisionCount);

    /// <summary>How many decisions were made in this run.</summary>
    public int DecisionCount { get; private set; }

    /// <summary>Where what happens is recorded; null, the normal case, for nowhere.</summary>
    public List<TraceEvent>? Trace { get; set; }

    /// <summary>Whether an exhaustive search cut this run short: what would follow is explored elsewhere.</summary>
    public bool WasCut { get; private set; }

    /// <summary>What is ordered before what in this run.</summary>
    internal HappensBefore Order { get; } = new();

    /// <summary>Whether CPUs run, and not the set-up or the checks of the end.</summary>
    internal bool IsRunning { get; private set; }

    /// <summary>Memory under a weak model; null, the normal case, for sequential consistency.</summary>
    internal GraphMemory? Weak { get; }

    /// <summary>What is left out of this run, or who takes sites down; null, the normal case, for nothing. A program sets it before it spawns CPUs.</summary>
    internal Mutant? Mutant { get; set; }

    /// <summary>
    /// What each step accesses, for an exhaustive search; null, the normal case, where nobody asks. With it, a CPU that retries
    /// (<c>CondResched</c>) waits until something that it has read since its last retry is another value: a retry that reads the same does the same.
    /// </summary>
    internal Footprints? Footprints
    {
        get => footprints;
        set
        {
            footprints = value;
            Memory.Observer = value;
        }
    }

    /// <summary>Which CPUs are in the same position, for an exhaustive search; null, the normal case, where nobody asks.</summary>
    internal Symmetry? Symmetry { get; set; }

    /// <summary>Whether those who can go on now wait to retry and see no change, everybody else being stuck; only for an exhaustive search.</summary>
    internal bool OnlyRetriers { get; private set; }

    /// <summary>Says that CPUs of the same class differ in nothing but their names. Only while a program sets up.</summary>
    /// <param name="cpu">The CPU's number.</param>
    /// <param name="class">The class, from 0; -1 where it is like no other.</param>
    public void DeclareInterchangeable(int cpu, int @class) => Symmetry?.Declare(cpu, @class);

    /// <summary>Adds a CPU that runs <paramref name="body"/>. Only while a program sets up.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="body">What it runs.</param>
    /// <returns>The CPU.</returns>
    public ExploredCpu Spawn(string name, Func<Cpu, Coroutine> body) => Add(name, body, OperationKind.Start);

    /// <summary>Adds a CPU that runs <paramref name="body"/> when all others are done or idle: tearing down, looking at what is left.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="body">What it runs.</param>
    /// <returns>The CPU.</returns>
    public ExploredCpu SpawnAfterOthers(string name, Func<Cpu, Coroutine> body) => Add(name, body, OperationKind.WaitForOthers);

    /// <summary>Has <paramref name="check"/> run when every CPU is done or idle; it reports with <see cref="Multiprocessor.Report"/>.</summary>
    /// <param name="check">The check.</param>
    public void AtEnd(Action check) => endChecks.Add(check);

    /// <summary>Has a run end with a look for memory that must not be left.</summary>
    public void CheckLeaksAtEnd() => checkLeaks = true;

    /// <inheritdoc/>
    public override void MadeProgress()
    {
        progressAt = Steps;
        isFair = false;
    }

    /// <summary>The CPU with number <paramref name="id"/>.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>The CPU.</returns>
    public ExploredCpu CpuAt(int id) => cpus[id];

    /// <summary>What the CPU with number <paramref name="id"/> is about to do.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>The operation.</returns>
    public ref readonly Operation Pending(int id) => ref cpus[id].Pending;

    /// <summary>Runs one schedule of <paramref name="program"/>.</summary>
    /// <param name="program">What to run.</param>
    /// <param name="chooser">Who decides; it has been told which schedule this is.</param>
    /// <param name="disabledCpus">CPUs that never start, one bit each: how shrinking leaves actors out.</param>
    /// <param name="repeated">How many of the last run's decisions are made again, without asking <paramref name="chooser"/> and without counting preemptions.</param>
    public void Run(IProgram program, IStrategy chooser, ulong disabledCpus = 0, int repeated = 0)
    {
        Begin(chooser, disabledCpus);
        given = repeated;
        try
        {
            program.Start(this);
        }
        catch (Exception) when (Violation is not null)
        {
            return; // the set-up broke something, and then itself
        }

        Order.Begin(cpuCount);
        Weak?.Begin(cpuCount);
        for (int id = 0; id < cpuCount; id++)
        {
            cpus[id].SetTracing(Trace is not null);
        }

        try
        {
            RunToEnd();
        }
        catch (ScheduleMismatchException)
        {
            throw;
        }
        catch (Exception e)
        {
            Report(new Violation(MachineInvariants.NoException, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}"), lastRun >= 0 ? cpus[lastRun] : null);
        }
    }

    /// <summary>The execution graph of this run as text: what each event reads from, and in which order writes took effect.</summary>
    /// <returns>The same text for two runs that differ only in the order of CPUs; empty under sequential consistency.</returns>
    public string DescribeExecution() => Weak?.Describe() ?? "";

    /// <summary>Decides who goes on after <paramref name="cpu"/> reached its next operation.</summary>
    /// <returns>Whether it is the same CPU, whose operation has then been performed.</returns>
    internal bool Arrive(ExploredCpu cpu)
    {
        if (Violation is not null)
        {
            chosen = -1;
            return false;
        }

        ulong bit = 1UL << cpu.Id;
        bool isRetry = footprints is not null && cpu.Pending.Kind == OperationKind.CondResched;
        if (isRetry)
        {
            cpu.Seen.SumUp();
        }

        if (cpu.Pending.CanBlock || isRetry)
        {
            waiting |= bit;
        }
        else
        {
            runnable |= bit;
        }

        int next = ChooseNext();
        if (next == cpu.Id)
        {
            Perform(cpu);
            return true;
        }

        chosen = next;
        return false;
    }

    /// <summary>Whether the CPU with number <paramref name="id"/>, whose operation can wait, need not.</summary>
    internal bool IsReady(int id) => IsReady(cpus[id]);

    internal ulong ChooseValue(int alternatives)
    {
        if (alternatives == 1)
        {
            return 0; // no decision, so that a replay is not asked for one either
        }

        if (DecisionCount < given)
        {
            return decisions[DecisionCount++] - 256UL;
        }

        int value = strategy.Choose(this, alternatives);
        RecordDecision((ushort)(256 + value));
        return (ulong)value;
    }

    internal void RecordChoice(int value) => RecordDecision((ushort)(256 + value));

    internal void Record(ExploredCpu cpu, string? operation, ulong value, string? text) =>
        Trace?.Add(new TraceEvent(Steps, cpu.Id, operation, value, cpu.File, cpu.Line, text, LockTakenBy(cpu, operation), Weak is null || operation is null ? 0 : Weak.OverwrittenAt));

    private static LockClass? LockTakenBy(ExploredCpu cpu, string? operation) =>
        operation is not null && cpu.Pending.Kind is OperationKind.Lock or OperationKind.ReadLock ? (cpu.Pending.Subject as Lock)?.Class : null;

    private ExploredCpu Add(string name, Func<Cpu, Coroutine> body, OperationKind first)
    {
        if (cpuCount == MaxCpus)
        {
            throw new ArgumentException($"an explored run has at most {MaxCpus} actors");
        }

        if (cpuCount == cpus.Length)
        {
            cpus = [.. cpus, NewCpu(cpuCount)];
        }
        else if (cpus[cpuCount] is MutatedCpu != Mutant is not null)
        {
            cpus[cpuCount] = NewCpu(cpuCount);
        }

        ExploredCpu cpu = cpus[cpuCount];
        cpu.Begin(name, body, first);
        ulong bit = 1UL << cpuCount;
        cpuCount++;
        if ((disabled & bit) == 0)
        {
            if (first == OperationKind.Start)
            {
                runnable |= bit;
            }
            else
            {
                waiting |= bit;
            }
        }

        return cpu;
    }

    private ExploredCpu NewCpu(int id) => Mutant is null ? new ExploredCpu(this, id) : new MutatedCpu(this, id);

    private void Begin(IStrategy chooser, ulong disabledCpus)
    {
        IsRunning = false;
        Reset();
        strategy = chooser;
        disabled = disabledCpus;
        cpuCount = 0;
        Steps = 0;
        Preemptions = 0;
        BranchingSteps = 0;
        DecisionCount = 0;
        runnable = 0;
        waiting = 0;
        lastRun = -1;
        sameCpuSteps = 0;
        mustYield = false;
        isFair = false;
        progressAt = 0;
        checkLeaks = false;
        Mutant = null;
        WasCut = false;
        endChecks.Clear();
        Symmetry?.Begin();
        Trace?.Clear();
    }

    private void RunToEnd()
    {
        IsRunning = true;
        chosen = ChooseNext();
        while (chosen >= 0)
        {
            ExploredCpu cpu = cpus[chosen];
            chosen = -1;
            Perform(cpu);
            cpu.Resume();
            if (cpu.HasReturned)
            {
                MadeProgress();
                cpu.Finish();
                if (Violation is not null)
                {
                    return;
                }

                chosen = ChooseNext();
            }
        }

        if (Violation is not null || WasCut)
        {
            return;
        }

        if (StuckCpus() != 0)
        {
            ReportDeadlock();
            return;
        }

        IsRunning = false;
        if (footprints is not null)
        {
            footprints.IsRecording = false; // they look at the final state, in which equivalent executions agree
        }

        foreach (Action check in endChecks)
        {
            check();
        }

        if (checkLeaks && Violation is null)
        {
            CheckLeaks();
        }
    }

    private int ChooseNext()
    {
        if (DecisionCount < given)
        {
            mustYield = false;
            return lastRun = decisions[DecisionCount++];
        }

        ulong enabled = runnable;
        for (ulong left = waiting; left != 0; left &= left - 1)
        {
            int id = BitOperations.TrailingZeroCount(left);
            if (IsReady(cpus[id]))
            {
                enabled |= 1UL << id;
            }
        }

        OnlyRetriers = false;
        if (enabled == 0)
        {
            if (footprints is null || (enabled = Retriers()) == 0)
            {
                return -1;
            }

            OnlyRetriers = true;
        }

        if (Steps - progressAt >= limits.FairAfterSteps && !CanGoOn())
        {
            return -1;
        }

        int next;
        bool lastCanGoOn = lastRun >= 0 && (enabled >> lastRun & 1) != 0;
        if ((enabled & (enabled - 1)) == 0)
        {
            next = strategy.SeesEveryStep ? strategy.Next(this, enabled, lastRun, mustYield) : BitOperations.TrailingZeroCount(enabled);
        }
        else
        {
            BranchingSteps++;
            bool yields = mustYield || sameCpuSteps > limits.TimeSlice;
            next = isFair && !strategy.IsReplay
                ? fairRandom.NextBit(enabled)
                : strategy.Next(this, enabled, lastCanGoOn ? lastRun : -1, yields);
            Preemptions += (next != lastRun) & lastCanGoOn & !yields & (next >= 0) ? 1 : 0; // no branch that nobody can predict
        }

        if (next < 0)
        {
            WasCut = true;
            return -1;
        }

        sameCpuSteps = next == lastRun ? sameCpuSteps + 1 : 0;
        lastRun = next;
        mustYield = false;
        RecordDecision((ushort)next);
        return next;
    }

    private void RecordDecision(ushort decision)
    {
        if (DecisionCount == decisions.Length)
        {
            Array.Resize(ref decisions, decisions.Length * 2);
        }

        decisions[DecisionCount++] = decision;
    }

    // From here on the schedule is fair, whatever the strategy: what does not end now never does.
    private bool CanGoOn()
    {
        if (!isFair)
        {
            isFair = true;
            fairRandom = new SplitMix64((ulong)Steps);
        }

        int idle = Steps - progressAt;
        if (idle < limits.LivelockAfterSteps)
        {
            return true;
        }

        Report(new Violation(MachineInvariants.NoLivelock, $"{DescribeLive()} still running after {idle} steps in which nobody got anything done, the last {idle - limits.FairAfterSteps} under a fair schedule"), null);
        return false;
    }

    private bool IsReady(ExploredCpu cpu)
    {
        ref Operation op = ref cpu.Pending;
        if (Weak is not null && op.Kind is OperationKind.WaitUntilEqual or OperationKind.WaitUntilNotEqual or OperationKind.Down)
        {
            return Weak.IsReady(cpu.Id, op);
        }

        switch (op.Kind)
        {
            case OperationKind.Lock:
                return Lock.IsFree(op.Block!.Words[op.Index]);
            case OperationKind.ReadLock:
                return Lock.AdmitsReader(op.Block!.Words[op.Index]);
            case OperationKind.WaitUntilEqual:
                return op.Block!.Words[op.Index] == op.A;
            case OperationKind.WaitUntilNotEqual:
                return op.Block!.Words[op.Index] != op.A;
            case OperationKind.Down:
                return op.Block!.Words[op.Index] != 0;
            case OperationKind.CondResched:
                return cpu.SeesChange();
            default:
                return runnable == 0 && OthersAreDoneOrIdle(cpu.Id);
        }
    }

    // Everybody else is stuck or done: those that retry go on, and whoever retries for ever is found to.
    private ulong Retriers()
    {
        ulong retriers = 0;
        for (ulong left = waiting; left != 0; left &= left - 1)
        {
            int id = BitOperations.TrailingZeroCount(left);
            if (cpus[id].Pending.Kind == OperationKind.CondResched)
            {
                retriers |= 1UL << id;
            }
        }

        return retriers;
    }

    private bool OthersAreDoneOrIdle(int id)
    {
        for (ulong left = waiting & ~(1UL << id); left != 0; left &= left - 1)
        {
            ExploredCpu other = cpus[BitOperations.TrailingZeroCount(left)];
            if (other.Pending.Kind == OperationKind.WaitForOthers && other.Id > id)
            {
                continue; // those that wait for the others go in order
            }

            if (!other.IsIdle || other.Pending.Kind != OperationKind.Down || IsReady(other))
            {
                return false;
            }
        }

        return true;
    }

    private void Perform(ExploredCpu cpu)
    {
        ulong bit = 1UL << cpu.Id;
        runnable &= ~bit;
        waiting &= ~bit;
        Steps++;
        Memory.Allocator = cpu.Id + 1;
        if (cpu.Pending.Kind == OperationKind.CondResched)
        {
            mustYield = true;
        }

        cpu.Perform();
    }

    private ulong StuckCpus()
    {
        ulong stuck = 0;
        for (ulong left = waiting; left != 0; left &= left - 1)
        {
            int id = BitOperations.TrailingZeroCount(left);
            if (!cpus[id].IsIdle)
            {
                stuck |= 1UL << id;
            }
        }

        return stuck;
    }

    private void ReportDeadlock()
    {
        var text = new StringBuilder();
        for (ulong left = StuckCpus(); left != 0; left &= left - 1)
        {
            ExploredCpu cpu = cpus[BitOperations.TrailingZeroCount(left)];
            if (cpu.Pending.Kind == OperationKind.WaitForOthers)
            {
                continue; // it only waits because of the others
            }

            text.Append(text.Length == 0 ? "" : "; ").Append(cpu.Name).Append(" waits for ").Append(DescribeWait(cpu));
        }

        Report(new Violation(MachineInvariants.NoDeadlock, text.ToString()), null);
    }

    private string DescribeWait(ExploredCpu cpu)
    {
        ref readonly Operation op = ref cpu.Pending;
        string where = op.Block!.NameOf(op.Index);
        if (op.Kind is OperationKind.Lock or OperationKind.ReadLock && op.Subject is Lock held) // the subject of an earlier operation stays
        {
            int owner = Lock.OwnerOf(held.State.Peek);
            if (owner >= 0)
            {
                return $"{held.Class.Name}, held by {cpus[owner].Name}";
            }

            string readers = string.Join(" and ", cpus.Take(cpuCount).Where(c => c.Held.Contains(held)).Select(c => c.Name));
            return op.Kind == OperationKind.Lock
                ? $"{held.Class.Name}, held by {readers}"
                : $"{held.Class.Name}, behind a writer that waits{(readers.Length == 0 ? "" : " for " + readers)}";
        }

        return op.Kind switch
        {
            OperationKind.WaitUntilEqual => string.Create(CultureInfo.InvariantCulture, $"{where} to become {op.A} (it is {op.Block.Words[op.Index]})"),
            OperationKind.WaitUntilNotEqual => string.Create(CultureInfo.InvariantCulture, $"{where} to change from {op.A}"),
            _ => where,
        };
    }

    private string DescribeLive()
    {
        ulong live = runnable | StuckCpus();
        var names = new List<string>();
        for (; live != 0; live &= live - 1)
        {
            names.Add(cpus[BitOperations.TrailingZeroCount(live)].Name);
        }

        return string.Join(", ", names) + (names.Count == 1 ? " is" : " are");
    }
}
