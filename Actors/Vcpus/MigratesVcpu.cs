namespace MmuStress.Actors;

/// <summary>Asks the scheduler to move a vCPU's thread to another physical CPU, if it can be preempted there and then.</summary>
/// <param name="HostCpu">The physical CPU's number.</param>
public sealed record MigratesVcpu(int HostCpu) : Message;
