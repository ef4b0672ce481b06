namespace MmuStress.Actors;

/// <summary>Asks the host to tear the address space down: exit_mmap.</summary>
public sealed record ReleasesMemory : Message;
