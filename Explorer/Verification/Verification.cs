using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace MmuStress.Explorer;

/// <summary>Explores every execution of a program, up to equivalence, until one violates a property or a limit is reached.</summary>
/// <remarks>
/// Workers share one search: whoever has nothing to do is given an alternative near the beginning of what another one is at. How many
/// executions there are does not depend on the workers, but where a step goes on to a choice of the environment some may be explored twice. Memory grows with the length of an execution and with the number of workers.
/// </remarks>
public sealed class Verification : IVerification
{
    /// <summary>What schedules that it finds name as their strategy: dynamic partial-order reduction.</summary>
    public const string Strategy = "dpor";

    private readonly Func<IProgram> newProgram;
    private readonly VerificationOptions options;
    private readonly Stopwatch watch = new();
    private readonly List<SourceSets> searches = [];

    // Guarded by gate:
    private readonly object gate = new();
    private readonly Queue<SearchTask> open = new();
    private readonly List<SearchTask> left = [];
    private int idle;
    private bool isOver;
    private Finding? finding;
    private Exception? failure;

    private volatile bool isStopping;
    private volatile int wanted; // how many workers wait for something to do
    private long started;
    private long executions;
    private long blocked;
    private long steps;

    /// <summary>A search that has not begun.</summary>
    /// <param name="newProgram">Makes the program, once for each worker.</param>
    /// <param name="options">How to search.</param>
    public Verification(Func<IProgram> newProgram, VerificationOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Executions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Workers);
        this.newProgram = newProgram;
        this.options = options;
    }

    /// <inheritdoc/>
    public VerificationProgress Progress
    {
        get
        {
            double fraction = 0; // whoever began later knows nothing of what was done before
            lock (searches)
            {
                foreach (SourceSets search in searches)
                {
                    fraction = Math.Max(fraction, search.Fraction);
                }
            }

            return new VerificationProgress(Interlocked.Read(ref executions), Interlocked.Read(ref blocked), Interlocked.Read(ref steps), fraction);
        }
    }

    /// <inheritdoc/>
    public VerificationResult Run(CancellationToken cancellation = default)
    {
        watch.Start();
        if (options.Resumed is { } resumed)
        {
            (executions, blocked, steps) = (resumed.Done.Executions, resumed.Done.Blocked, resumed.Done.Steps);
        }

        foreach (SearchTask task in options.Resumed?.Tasks ?? [SearchTask.Everything])
        {
            open.Enqueue(task);
        }

        var threads = new List<Thread>();
        for (int i = 1; i < options.Workers; i++)
        {
            var thread = new Thread(() => Guard(cancellation)) { IsBackground = true, Name = $"verifier {i}" };
            thread.Start();
            threads.Add(thread);
        }

        Guard(cancellation);
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        if (failure is ScheduleMismatchException)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        if (failure is not null)
        {
            throw new InvalidOperationException($"the search failed: {failure.Message}", failure);
        }

        left.AddRange(open);
        Checkpoint? rest = finding is null && left.Count > 0 ? new Checkpoint(Progress, options.UsesSymmetry, left) : null;
        return new VerificationResult(executions, blocked, steps, finding is null && rest is null, finding, rest);
    }

    private void Guard(CancellationToken cancellation)
    {
        try
        {
            Work(cancellation);
        }
        catch (Exception e)
        {
            lock (gate)
            {
                failure ??= e;
                isStopping = true;
                isOver = true;
                Monitor.PulseAll(gate);
            }
        }
    }

    private void Work(CancellationToken cancellation)
    {
        ExploredMachine machine = options.NewMachine();
        IProgram program = newProgram();
        Symmetry? symmetry = options.UsesSymmetry ? new Symmetry() : null;
        var search = new SourceSets(symmetry, commutesSections: options.UsesSymmetry && options.Memory == MemoryModel.Sc) { Guide = program as IGuide };
        machine.Footprints = search.Footprints;
        search.Footprints.SeesOld = options.Memory != MemoryModel.Sc;
        machine.Symmetry = symmetry;
        lock (searches)
        {
            searches.Add(search);
        }

        while (Take() is { } task)
        {
            search.TakeUp(task);
            while (search.Begin(0))
            {
                bool isLast = isStopping || HasReachedLimit(cancellation);
                if (isLast && !search.IsAwaited)
                {
                    isStopping = true;
                    lock (gate)
                    {
                        left.Add(search.Rest());
                    }

                    break;
                }

                if (wanted > 0 && !isLast)
                {
                    Offer(search);
                }

                machine.Run(program, search, repeated: search.Repeated);
                search.End(machine);
                Count(machine);
            }
        }
    }

    private void Count(ExploredMachine machine)
    {
        Interlocked.Add(ref steps, machine.Steps);
        if (machine.WasCut)
        {
            Interlocked.Increment(ref blocked);
            return;
        }

        long index = Interlocked.Increment(ref executions) - 1;
        if (machine.Violation is not null)
        {
            lock (gate)
            {
                finding ??= Replayed(machine, index);
            }

            isStopping = true;
        }
    }

    // The same on an ordinary machine, which counts preemptions.
    private Finding Replayed(ExploredMachine machine, long index)
    {
        var replay = new Replay(machine.Decisions.ToArray());
        replay.Begin(0);
        ExploredMachine plain = options.NewMachine();
        plain.Run(newProgram(), replay);
        return Finding.Of(plain, index);
    }

    private bool HasReachedLimit(CancellationToken cancellation) =>
        cancellation.IsCancellationRequested
        || Interlocked.Increment(ref started) > options.Executions
        || (options.Time is { } limit && watch.Elapsed >= limit);

    private void Offer(SourceSets search)
    {
        lock (gate)
        {
            if (open.Count >= wanted || search.Split() is not { } task)
            {
                return;
            }

            open.Enqueue(task);
            wanted--;
            Monitor.Pulse(gate);
        }
    }

    private SearchTask? Take()
    {
        lock (gate)
        {
            if (open.TryDequeue(out SearchTask? first))
            {
                return first;
            }

            idle++;
            wanted++;
            while (open.Count == 0 && !isOver)
            {
                if (idle == options.Workers)
                {
                    isOver = true;
                    Monitor.PulseAll(gate);
                    return null;
                }

                Monitor.Wait(gate);
            }

            if (isOver)
            {
                return null;
            }

            idle--;
            return open.Dequeue();
        }
    }
}
