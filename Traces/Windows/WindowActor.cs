namespace MmuStress.Traces;

/// <summary>Somebody who acts in a window.</summary>
/// <param name="Name">What people call it: vcpu0, mut0, main, log.</param>
/// <param name="Kind">What it is, as in scenario files: vcpu, host, memslots, dirtyLog.</param>
/// <param name="Does">What it does, in order.</param>
public sealed record WindowActor(string Name, string Kind, IReadOnlyList<WindowOperation> Does);
