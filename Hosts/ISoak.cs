using System.Threading;

namespace MmuStress.Hosts;

/// <summary>Free-running actors, which run once.</summary>
public interface ISoak
{
    /// <summary>How far it has come; may be asked at any time.</summary>
    SoakProgress Progress { get; }

    /// <summary>Runs until <paramref name="time"/> has passed, a property is violated, or it is cancelled; then runs the epilogue and the checks of the end.</summary>
    /// <param name="time">For how long.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>What was seen.</returns>
    Task<SoakProgress> RunAsync(TimeSpan time, CancellationToken cancellation = default);
}
