namespace MmuStress.Scenarios;

/// <summary>Frames that stage 2 maps in the beginning, in a scenario file: the guest has accessed each of them.</summary>
/// <param name="Gfn">The first guest frame.</param>
/// <param name="Pages">How many, at least 1.</param>
/// <param name="Write">Whether the access was a write, so that the mapping lets writes through.</param>
public readonly record struct ScenarioFileMapping(ulong Gfn, ulong Pages = 1, bool Write = false);
