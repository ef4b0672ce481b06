using System.Threading;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>What the command line runs in: where it writes, what interrupts it, which scenarios there are.</summary>
internal sealed record Surroundings
{
    /// <summary>For the result and nothing else.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>For progress and errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal, which gets a live line.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Interrupts: Ctrl-C and SIGTERM.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>When the first plain line of progress is written.</summary>
    public TimeSpan FirstProgress { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How far apart the plain lines are after that.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How far apart a soak writes its statistics.</summary>
    public TimeSpan StatisticsInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long work may go on after an interrupt, to bring what was found into shape.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long free-running actors get to stop after an interrupt.</summary>
    public TimeSpan TimeToStopNow { get; init; } = TimeSpan.FromMilliseconds(900);

    /// <summary>How long free-running actors get to stop when the time is up; longer than their host itself waits for them.</summary>
    public TimeSpan TimeToStop { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The scenarios.</summary>
    public IReadOnlyList<Scenario> Scenarios { get; init; } = ScenarioCatalog.All;

    /// <summary>The hosts.</summary>
    public IReadOnlyList<HostEntry> Hosts { get; init; } = HostCatalog.All;

    /// <summary>Whether it was interrupted.</summary>
    public bool IsInterrupted => Cancellation.IsCancellationRequested;

    /// <summary>Makes something that is cancelled a little after the interrupt.</summary>
    /// <returns>It; to be disposed of.</returns>
    public CancellationTokenSource NewDelayedCancellation()
    {
        var delayed = new CancellationTokenSource();
        Cancellation.Register(Delay);
        return delayed;

        void Delay()
        {
            try
            {
                delayed.CancelAfter(Grace);
            }
            catch (ObjectDisposedException)
            {
                // The work is over already.
            }
        }
    }
}
