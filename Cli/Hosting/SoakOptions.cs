namespace MmuStress.Cli;

/// <summary>How a soak is to run, apart from for how long.</summary>
/// <param name="Seed">What the choices of the environment depend on, apart from timing.</param>
/// <param name="Rounds">How often each actor goes through its script at most; the largest number for no limit.</param>
internal sealed record SoakOptions(ulong Seed, long Rounds);
