using System.Threading;

namespace MmuStress.Explorer;

/// <summary>The exhaustive search under a weak memory model that fits the program.</summary>
/// <remarks>
/// Execution graphs, each once (<see cref="GraphVerification"/>), where the outcome depends on nothing else. Where a checker looks at memory
/// while CPUs run, or memory is freed, the interleaving counts as well: then all interleavings up to equivalence (<see cref="Verification"/>),
/// with every choice of what a read sees and where a write goes; the same graph comes up several times. That search goes depth-first and comes
/// late to a violation that needs an early preemption, so some schedules are sampled before it.
/// </remarks>
/// <param name="newProgram">Makes the program, once for each worker.</param>
/// <param name="options">How to search, and under which model.</param>
public sealed class WeakVerification(Func<IProgram> newProgram, VerificationOptions options) : IVerification
{
    private const int Samples = 2_000;

    private readonly GraphVerification graphs = new(newProgram, options);
    private Verification? interleavings;

    /// <inheritdoc/>
    public VerificationProgress Progress => (interleavings as IVerification ?? graphs).Progress;

    /// <inheritdoc/>
    public VerificationResult Run(CancellationToken cancellation = default)
    {
        VerificationResult result = graphs.Run(cancellation);
        if (!graphs.DependsOnInterleaving)
        {
            return result;
        }

        var sampling = new ExplorationOptions { Iterations = Math.Min(Samples, options.Executions), Workers = options.Workers, Time = options.Time, Limits = options.Limits, WordsPerPage = options.WordsPerPage, Memory = options.Memory };
        ExplorationResult sampled = new Exploration(newProgram, sampling).Run(cancellation);
        if (sampled.Findings.Count > 0)
        {
            return new VerificationResult(sampled.Schedules, 0, sampled.Steps, IsComplete: false, sampled.Findings[0]);
        }

        interleavings = new Verification(newProgram, options with { UsesSymmetry = false });
        return interleavings.Run(cancellation);
    }
}
