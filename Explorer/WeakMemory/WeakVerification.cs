using System.Threading;

namespace MmuStress.Explorer;

/// <summary>The exhaustive search under a weak memory model that fits the program.</summary>
/// <remarks>
/// Execution graphs, each once (<see cref="GraphVerification"/>), where the outcome depends on nothing else. Where a checker looks at memory
/// while CPUs run, or memory is freed, the interleaving counts as well: then all interleavings up to equivalence (<see cref="Verification"/>),
/// with every choice of what a read sees and where a write goes; the same graph comes up several times.
/// </remarks>
/// <param name="newProgram">Makes the program, once for each worker.</param>
/// <param name="options">How to search, and under which model.</param>
public sealed class WeakVerification(Func<IProgram> newProgram, VerificationOptions options) : IVerification
{
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

        interleavings = new Verification(newProgram, options with { UsesSymmetry = false });
        return interleavings.Run(cancellation);
    }
}
