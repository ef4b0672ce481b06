using System.Diagnostics;
using System.Threading;

namespace MmuStress.Explorer;

/// <summary>Samples schedules of a program until one violates a property or a limit is reached.</summary>
/// <remarks>
/// Workers take schedule numbers in blocks; a schedule is a function of the seed and its number, and the violation with the lowest number
/// is the one reported, so the result does not depend on how many workers there are. Memory does not grow with the number of schedules.
/// </remarks>
public sealed class Exploration
{
    private const int BlockSize = 32;
    private const int PilotRuns = 8;

    private readonly Func<IProgram> newProgram;
    private readonly ExplorationOptions options;
    private readonly StrategyEntry strategy;
    private readonly SortedDictionary<string, Finding> findings = new(StringComparer.Ordinal);
    private readonly Dictionary<long, (long Schedules, long Steps)> uncounted = [];
    private readonly Stopwatch watch = new();
    private long nextUncounted;
    private long nextBlock;
    private long firstFinding = long.MaxValue;
    private long schedules;
    private long steps;
    private long violations;
    private volatile bool isExhausted;
    private volatile bool wasCut;
    private volatile bool isBounded;
    private Exception? failure;

    /// <summary>An exploration that has not begun.</summary>
    /// <param name="newProgram">Makes the program, once for each worker.</param>
    /// <param name="options">How to sample.</param>
    /// <exception cref="ArgumentException">The strategy is unknown or a number is out of range.</exception>
    public Exploration(Func<IProgram> newProgram, ExplorationOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Iterations);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Workers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Depth);
        this.newProgram = newProgram;
        this.options = options;
        strategy = StrategyCatalog.Find(options.Strategy) ?? throw new ArgumentException($"there is no strategy {options.Strategy}", nameof(options));
    }

    /// <summary>How far it has come; may be asked from another thread.</summary>
    public ExplorationProgress Progress => new(Interlocked.Read(ref schedules), Interlocked.Read(ref steps), Interlocked.Read(ref violations));

    /// <summary>Explores.</summary>
    /// <param name="cancellation">Ends it early; what was found so far is returned.</param>
    /// <returns>What was found.</returns>
    public ExplorationResult Run(CancellationToken cancellation = default)
    {
        watch.Start();
        StrategyParameters parameters = new(options.Seed, options.Depth, PilotSteps());
        int workers = strategy.IsSequential ? 1 : options.Workers;
        var threads = new List<Thread>();
        for (int i = 1; i < workers; i++)
        {
            var thread = new Thread(() => Guard(parameters, cancellation)) { IsBackground = true, Name = $"explorer {i}" };
            thread.Start();
            threads.Add(thread);
        }

        Guard(parameters, cancellation);
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        if (failure is not null)
        {
            throw new InvalidOperationException($"the explorer failed: {failure.Message}", failure);
        }

        bool stoppedAtFirst = findings.Count > 0 && !options.KeepGoing;
        return new ExplorationResult(
            schedules,
            steps,
            isExhausted && !wasCut,
            isBounded,
            cancellation.IsCancellationRequested && !stoppedAtFirst,
            findings.Values.OrderBy(f => f.Index).Take(options.KeepGoing ? int.MaxValue : 1).ToList());
    }

    // PCT places its changes among the steps that a run is expected to have.
    private int PilotSteps()
    {
        ExploredMachine machine = options.NewMachine();
        IProgram program = newProgram();
        var pilot = new RandomWalk(options.Seed);
        int most = 1;
        for (int i = 0; i < PilotRuns; i++)
        {
            pilot.Begin(i);
            machine.Run(program, pilot);
            most = Math.Max(most, machine.BranchingSteps);
        }

        return most;
    }

    private void Guard(StrategyParameters parameters, CancellationToken cancellation)
    {
        try
        {
            Work(parameters, cancellation);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref failure, e, null);
            wasCut = true;
            Interlocked.Exchange(ref firstFinding, -1);
        }
    }

    private void Work(StrategyParameters parameters, CancellationToken cancellation)
    {
        ExploredMachine machine = options.NewMachine();
        IProgram program = newProgram();
        IStrategy chooser = strategy.Create(parameters);
        while (true)
        {
            long first = Interlocked.Add(ref nextBlock, BlockSize) - BlockSize;
            long last = Math.Min(first + BlockSize, options.Iterations);
            if (first >= last)
            {
                return;
            }

            long done = 0;
            long stepsDone = 0;
            for (long index = first; index < last; index++)
            {
                if (!options.KeepGoing && index > Interlocked.Read(ref firstFinding))
                {
                    last = 0;
                    break;
                }

                if (cancellation.IsCancellationRequested)
                {
                    wasCut = true;
                    last = 0;
                    break;
                }

                if (!chooser.Begin(index))
                {
                    isExhausted = true;
                    isBounded = chooser.IsBounded;
                    last = 0;
                    break;
                }

                machine.Run(program, chooser);
                chooser.End(machine);
                done++;
                stepsDone += machine.Steps;
                if (machine.Violation is not null)
                {
                    Found(Finding.Of(machine, index));
                }
            }

            CountBlock(first, done, stepsDone);
            if (last == 0)
            {
                return;
            }

            if (cancellation.IsCancellationRequested || (options.Time is { } limit && watch.Elapsed >= limit))
            {
                wasCut = true;
                return;
            }
        }
    }

    // Blocks are counted in order and none after the first violation, so that the counts do not depend on the workers either.
    private void CountBlock(long first, long done, long stepsDone)
    {
        lock (findings)
        {
            uncounted[first] = (done, stepsDone);
            while ((options.KeepGoing || nextUncounted <= firstFinding) && uncounted.Remove(nextUncounted, out (long Schedules, long Steps) block))
            {
                schedules += block.Schedules;
                steps += block.Steps;
                nextUncounted += BlockSize;
            }
        }
    }

    private void Found(Finding finding)
    {
        lock (findings)
        {
            Interlocked.Increment(ref violations);
            if (!findings.TryGetValue(finding.Violation.Invariant, out Finding? known) || finding.Index < known.Index)
            {
                findings[finding.Violation.Invariant] = finding;
            }

            if (finding.Index < firstFinding)
            {
                Interlocked.Exchange(ref firstFinding, finding.Index);
            }
        }
    }
}
