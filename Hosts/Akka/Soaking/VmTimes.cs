using Akka.Configuration;

namespace MmuStress.Hosts.Akka;

/// <summary>How patient a VM is; from the configuration.</summary>
/// <param name="ProgressInterval">How often it says how far it has come.</param>
/// <param name="DrainTime">For how long messages may still beget messages when the time is up.</param>
/// <param name="StuckTime">How long after that a message counts as one that never ends.</param>
internal sealed record VmTimes(TimeSpan ProgressInterval, TimeSpan DrainTime, TimeSpan StuckTime)
{
    /// <summary>The dispatcher of its behaviours: its path in the configuration.</summary>
    public string Dispatcher { get; init; } = "mmu-stress.behaviours";

    /// <summary>Reads them.</summary>
    /// <param name="config">The configuration.</param>
    /// <returns>The times.</returns>
    public static VmTimes Of(Config config) => new(
        config.GetTimeSpan("mmu-stress.progress-interval"), config.GetTimeSpan("mmu-stress.drain-time"), config.GetTimeSpan("mmu-stress.stuck-time"));
}
