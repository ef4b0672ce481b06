using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks a vCPU to handle a fault that its guest has taken, without entering the guest again: what KVM_PRE_FAULT_MEMORY does, too.</summary>
/// <param name="Gfn">Which page.</param>
/// <param name="Write">Whether the guest wrote.</param>
public sealed record GuestFaults(Gfn Gfn, bool Write) : Message;
