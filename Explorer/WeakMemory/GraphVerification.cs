using System.Diagnostics;
using System.Threading;

namespace MmuStress.Explorer;

/// <summary>Explores every execution graph of a program under a memory model, until one violates a property or a limit is reached.</summary>
public sealed class GraphVerification : IVerification
{
    private readonly Func<IProgram> newProgram;
    private readonly VerificationOptions options;
    private long executions;
    private long blocked;
    private long steps;

    /// <summary>A search that has not begun.</summary>
    /// <param name="newProgram">Makes the program.</param>
    /// <param name="options">How to search; one worker does.</param>
    public GraphVerification(Func<IProgram> newProgram, VerificationOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Executions);
        this.newProgram = newProgram;
        this.options = options;
    }

    /// <summary>Called with the graph of each execution, as <see cref="ExploredMachine.DescribeExecution"/> has it; null, the normal case, for nobody.</summary>
    public Action<string>? OnExecution { get; set; }

    /// <summary>Whether the search ended because the outcome depends on more than the graph: a checker looks while CPUs run, readers share a lock, the environment chooses.</summary>
    public bool DependsOnInterleaving { get; private set; }

    /// <inheritdoc/>
    public VerificationProgress Progress => new(Interlocked.Read(ref executions), Interlocked.Read(ref blocked), Interlocked.Read(ref steps), 0);

    /// <inheritdoc/>
    public VerificationResult Run(CancellationToken cancellation = default)
    {
        var watch = Stopwatch.StartNew();
        var search = new GraphSearch();
        var machine = new ExploredMachine(options.Limits, options.WordsPerPage, options.Memory, search);
        var looks = new LookObserver(machine);
        machine.Memory.Observer = looks;
        IProgram program = newProgram();
        while (search.Begin(0))
        {
            machine.Run(program, search);
            search.End(machine);
            if (search.IsPartial || looks.HasLooked)
            {
                DependsOnInterleaving = true;
                return Result(isComplete: false, null);
            }

            Interlocked.Add(ref steps, machine.Steps);
            if (search.WasCut)
            {
                Interlocked.Increment(ref blocked);
            }
            else
            {
                Interlocked.Increment(ref executions);
                OnExecution?.Invoke(machine.DescribeExecution());
            }

            if (machine.Violation is not null && !search.WasCut)
            {
                search.Repeat();
                machine.Run(program, search);
                return Result(isComplete: false, Finding.Of(machine, executions - 1));
            }

            bool isOver = executions + blocked >= options.Executions || (options.Time is { } limit && watch.Elapsed >= limit);
            if (search.Open > 0 && (isOver || cancellation.IsCancellationRequested))
            {
                return Result(isComplete: false, null);
            }
        }

        return Result(!search.IsPartial && !looks.HasLooked, null);
    }

    private VerificationResult Result(bool isComplete, Finding? finding) => new(executions, blocked, steps, isComplete, finding);
}
