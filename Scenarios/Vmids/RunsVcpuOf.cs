using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>The scheduler picks a vCPU of a VM.</summary>
/// <param name="Vm">The VM's number.</param>
internal sealed record RunsVcpuOf(int Vm) : Message;
