using System.Threading;

namespace MmuStress.Explorer;

/// <summary>A search that can end with having seen everything.</summary>
public interface IVerification
{
    /// <summary>How far it has come; may be asked from another thread.</summary>
    VerificationProgress Progress { get; }

    /// <summary>Searches.</summary>
    /// <param name="cancellation">Ends it early; what was found so far is returned.</param>
    /// <returns>What was found.</returns>
    VerificationResult Run(CancellationToken cancellation = default);
}
