namespace MmuStress.Bench;

/// <summary>What a worker process is asked to explore.</summary>
/// <param name="Test">The scenario and MMU, by the name of Coyote's entry point.</param>
/// <param name="Strategy">"portfolio", "random" or "pct".</param>
/// <param name="Seed">The seed.</param>
/// <param name="Schedules">How many schedules at most.</param>
/// <param name="Seconds">For how long at most.</param>
/// <param name="Trace">A trace that Coyote is to replay instead; null to explore.</param>
internal sealed record WorkRequest(string Test, string Strategy, uint Seed, long Schedules, int Seconds, string? Trace = null);
