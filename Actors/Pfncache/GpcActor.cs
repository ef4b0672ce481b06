using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>A thread that uses a gfn_to_pfn_cache: a vCPU that KVM has write to guest memory, or user space that sets the cache up and tears it down.</summary>
/// <param name="name">What people call it.</param>
/// <param name="gpc">The cache.</param>
public sealed class GpcActor(string name, GfnToPfnCache gpc) : Actor(name)
{
    /// <inheritdoc/>
    public override bool IsInterchangeable => true;

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        switch (message)
        {
            case WritesThroughGpc write:
                await gpc.WriteGuest(cpu, write.Gfn.Gpa, write.Value, write.Tries);
                break;
            case ActivatesGpc activate:
                ulong index = await cpu.SrcuReadLock(gpc.Kvm.Srcu);
                await gpc.Activate(cpu, activate.Gfn.Gpa);
                await cpu.SrcuReadUnlock(gpc.Kvm.Srcu, index);
                break;
            case DeactivatesGpc:
                await gpc.Deactivate(cpu);
                break;
            default:
                throw new ArgumentException($"a user of a gfn_to_pfn_cache knows no {message}", nameof(message));
        }
    }
}
