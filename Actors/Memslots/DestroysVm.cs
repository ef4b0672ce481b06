namespace MmuStress.Actors;

/// <summary>Closes the VM for good: whoever sends it has the last reference.</summary>
public sealed record DestroysVm : Message;
