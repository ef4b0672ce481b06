using System.Diagnostics;
using System.Threading;

namespace MmuStress.Explorer;

/// <summary>Explores every execution of a program, up to equivalence, until one violates a property or a limit is reached.</summary>
public sealed class Verification
{
    private readonly Func<IProgram> newProgram;
    private readonly VerificationOptions options;
    private readonly Stopwatch watch = new();
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

    /// <summary>Searches.</summary>
    /// <param name="cancellation">Ends it early; what was found so far is returned.</param>
    /// <returns>What was found.</returns>
    public VerificationResult Run(CancellationToken cancellation = default)
    {
        watch.Start();
        var machine = new ExploredMachine(options.Limits, options.WordsPerPage);
        IProgram program = newProgram();
        var search = new SourceSets();
        machine.Footprints = search.Footprints;
        while (!cancellation.IsCancellationRequested && executions + blocked < options.Executions)
        {
            if (!search.Begin(0))
            {
                return new VerificationResult(executions, blocked, steps, true, null);
            }

            machine.Run(program, search, repeated: search.Repeated);
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
        }

        return new VerificationResult(executions, blocked, steps, false, null);
    }
}
