using System.Diagnostics;
using System.Threading;

namespace MmuStress.Explorer;

/// <summary>Every schedule with at most a number of preemptions, those with fewer first, until one violates a property or a limit is reached.</summary>
/// <remarks>For scopes that are too large to search without a bound. Complete means: within the bound. One worker; equivalent schedules count each.</remarks>
public sealed class BoundedVerification : IVerification
{
    private const int TimeCheckEvery = 64; // schedules

    private readonly Func<IProgram> newProgram;
    private readonly VerificationOptions options;
    private readonly PreemptionBounded strategy;
    private readonly Stopwatch watch = new();
    private long executions;
    private long steps;

    /// <summary>A search that has not begun.</summary>
    /// <param name="newProgram">Makes the program.</param>
    /// <param name="options">How to search.</param>
    /// <param name="bound">How many preemptions at most, from 0.</param>
    public BoundedVerification(Func<IProgram> newProgram, VerificationOptions options, int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Executions);
        ArgumentOutOfRangeException.ThrowIfNegative(bound);
        this.newProgram = newProgram;
        this.options = options;
        strategy = new PreemptionBounded(bound);
    }

    /// <inheritdoc/>
    public VerificationProgress Progress => new(Interlocked.Read(ref executions), 0, Interlocked.Read(ref steps), 0);

    /// <summary>With how many preemptions schedules are explored now; all with fewer have been.</summary>
    public int Bound => strategy.Bound;

    /// <inheritdoc/>
    public VerificationResult Run(CancellationToken cancellation = default)
    {
        watch.Start();
        var machine = new ExploredMachine(options.Limits, options.WordsPerPage);
        IProgram program = newProgram();
        while (!cancellation.IsCancellationRequested && executions < options.Executions && !IsTimeUp)
        {
            if (!strategy.Begin(executions))
            {
                return Result(isComplete: true, null);
            }

            machine.Run(program, strategy);
            Interlocked.Increment(ref executions);
            Interlocked.Add(ref steps, machine.Steps);
            if (machine.Violation is not null)
            {
                return Result(isComplete: false, Finding.Of(machine, executions - 1));
            }
        }

        return Result(isComplete: false, null);
    }

    private bool IsTimeUp => options.Time is { } limit && executions % TimeCheckEvery == 0 && watch.Elapsed >= limit;

    private VerificationResult Result(bool isComplete, Finding? finding) => new(executions, 0, steps, isComplete, finding);
}
