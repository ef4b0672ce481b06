using System.Diagnostics;
using System.Threading;

namespace MmuStress.Explorer;

/// <summary>Explores every execution of a program, up to equivalence, until one violates a property or a limit is reached.</summary>
public sealed class Verification : IVerification
{
    /// <summary>What schedules that it finds name as their strategy: dynamic partial-order reduction.</summary>
    public const string Strategy = "dpor";

    private const int ReportEvery = 64; // executions

    private readonly Func<IProgram> newProgram;
    private readonly VerificationOptions options;
    private readonly Stopwatch watch = new();
    private readonly Lock guard = new();
    private VerificationProgress progress; // guarded by guard
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
            lock (guard)
            {
                return progress;
            }
        }
    }

    /// <inheritdoc/>
    public VerificationResult Run(CancellationToken cancellation = default)
    {
        watch.Start();
        var machine = new ExploredMachine(options.Limits, options.WordsPerPage);
        IProgram program = newProgram();
        var search = new SourceSets();
        machine.Footprints = search.Footprints;
        while (!cancellation.IsCancellationRequested && executions + blocked < options.Executions && !IsTimeUp)
        {
            if (!search.Begin(0))
            {
                return new VerificationResult(executions, blocked, steps, true, null);
            }

            machine.Run(program, search);
            search.End(machine);
            steps += machine.Steps;
            if (machine.WasCut)
            {
                blocked++;
                continue;
            }

            executions++;
            if (machine.Violation is not null)
            {
                return new VerificationResult(executions, blocked, steps, false, Finding.Of(machine, executions - 1));
            }

            if ((executions + blocked) % ReportEvery == 0)
            {
                Report(search.Fraction);
            }
        }

        Report(search.Fraction);
        return new VerificationResult(executions, blocked, steps, false, null);
    }

    private bool IsTimeUp => options.Time is { } limit && (executions + blocked) % ReportEvery == 0 && watch.Elapsed >= limit;

    private void Report(double fraction)
    {
        lock (guard)
        {
            progress = new VerificationProgress(executions, blocked, steps, fraction);
        }
    }
}
