using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Whoever destroys the VM frees its page table, once.</summary>
/// <param name="kvm">The VM.</param>
internal sealed class PageTableTeardown(Kvm kvm) : Actor("kvm_destroy_vm")
{
    private bool isDone;

    /// <summary>What it is asked to do.</summary>
    public static Message[] Script { get; } = [new FreesPageTable()];

    /// <inheritdoc/>
    public override Coroutine Receive(Cpu cpu, Message message)
    {
        if (isDone)
        {
            return Coroutine.Completed; // free-running, scripts begin again; a VM ends once
        }

        isDone = true;
        return kvm.Arch.DestroyMm(cpu);
    }

    private sealed record FreesPageTable : Message;
}
