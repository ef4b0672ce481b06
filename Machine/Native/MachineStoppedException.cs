namespace MmuStress.Machine;

/// <summary>A CPU that waited was told to give up because the run is over.</summary>
public sealed class MachineStoppedException() : Exception("the machine is stopping");
