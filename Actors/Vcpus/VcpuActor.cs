using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>A vCPU: its guest reads and writes, and KVM handles the faults on the same thread.</summary>
/// <param name="name">What people call it.</param>
/// <param name="vcpu">The vCPU.</param>
public sealed class VcpuActor(string name, Vcpu vcpu) : Actor(name)
{
    private ulong written;

    /// <summary>The vCPU.</summary>
    public Vcpu Vcpu => vcpu;

    /// <summary>How the last access ended.</summary>
    public GuestAccess LastAccess { get; private set; }

    /// <inheritdoc/>
    public override bool IsInterchangeable => true;

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        switch (message)
        {
            case GuestReads read:
                LastAccess = await vcpu.GuestRead(cpu, read.Gfn.Gpa);
                break;
            case GuestWrites write:
                LastAccess = await vcpu.GuestWrite(cpu, write.Gfn.Gpa, write.Value);
                break;
            case GuestFaults fault:
                await vcpu.Kvm.Arch.HandleMmFault(cpu, vcpu, fault.Gfn.Gpa, fault.Write);
                break;
            case GuestAccesses accesses:
                for (int i = 0; i < accesses.Count; i++)
                {
                    await AccessAny(cpu, accesses.First, accesses.Pages);
                }

                break;
            default:
                throw new ArgumentException($"a vCPU knows no {message}", nameof(message));
        }
    }

    private async Coroutine AccessAny(Cpu cpu, Gfn first, int pages)
    {
        Gpa gpa = (first + await Chance.Below(cpu, (ulong)pages)).Gpa;
        LastAccess = await cpu.Choose(2) == 0
            ? await vcpu.GuestRead(cpu, gpa)
            : await vcpu.GuestWrite(cpu, gpa, ((ulong)(vcpu.Id + 1) << 32) | ++written);
    }
}
