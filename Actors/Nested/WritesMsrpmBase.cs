namespace MmuStress.Actors;

/// <summary>Has another vCPU of the L1 hypervisor change where its MSR bitmap is.</summary>
/// <param name="Address">A guest physical address, or what is none.</param>
public sealed record WritesMsrpmBase(ulong Address) : Message;
