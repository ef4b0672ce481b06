using MmuStress.Actors;

namespace MmuStress.Hosts.Akka;

/// <summary>What every VM of a soak runs.</summary>
/// <param name="Build">Builds a VM's stage.</param>
/// <param name="Seed">What the choices of the environment depend on, apart from timing; each VM has a seed of its own from it.</param>
/// <param name="Rounds">How often each actor goes through its script at most; the largest number for no limit.</param>
/// <param name="Text">The same in words, by which the nodes of a cluster tell that they run the same.</param>
public sealed record VmPlan(Action<Stage> Build, ulong Seed, long Rounds, string Text = "");
