using System.Threading;
using MmuStress.Mmu;

namespace MmuStress.Hosts;

/// <summary>Free-running actors, which run once.</summary>
public interface ISoak
{
    /// <summary>How far it has come; may be asked at any time.</summary>
    SoakProgress Progress { get; }

    /// <summary>The statistics of its VM, which may be read at any time; null where there is not exactly one VM in this process.</summary>
    KvmStatistics? Statistics => null;

    /// <summary>How long after its time is up it may still wait for others, apart from what its actors get to stop.</summary>
    TimeSpan Slack => TimeSpan.Zero;

    /// <summary>Runs until <paramref name="time"/> has passed, a property is violated, or it is cancelled; then runs the epilogue and the checks of the end.</summary>
    /// <param name="time">For how long.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>What was seen.</returns>
    /// <exception cref="HostUnavailableException">It cannot run here.</exception>
    Task<SoakProgress> RunAsync(TimeSpan time, CancellationToken cancellation = default);
}
