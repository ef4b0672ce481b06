using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>How VMs get their VMIDs, and the part of the run loop that this is in.</summary>
internal abstract class VmidScheme
{
    /// <summary>Has a vCPU thread run on a physical CPU until its guest has made one access: load, run, put.</summary>
    /// <param name="cpu">The thread; cannot be preempted.</param>
    /// <param name="thisCpu">The physical CPU.</param>
    /// <param name="vm">The VM's number.</param>
    /// <returns>When the thread is scheduled out.</returns>
    public abstract Coroutine RunVcpu(Cpu cpu, int thisCpu, int vm);
}
