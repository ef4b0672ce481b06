using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>A vCPU of an L1 hypervisor.</summary>
/// <param name="name">What people call it.</param>
/// <param name="nested">KVM's side of it.</param>
/// <param name="vmcb12">L1's VMCB.</param>
/// <param name="entered">Called in place, when L2 is about to run.</param>
public sealed class NestedVcpuActor(string name, NestedSvm nested, Vmcb12 vmcb12, Action<Cpu, NestedSvm> entered) : Actor(name)
{
    /// <summary>Whether L2 ran the last time.</summary>
    public bool LastRan { get; private set; }

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        switch (message)
        {
            case RunsNested:
                LastRan = await nested.NestedSvmVmrun(cpu);
                if (LastRan)
                {
                    entered(cpu, nested);
                }

                break;
            case WritesMsrpmBase write:
                await cpu.WriteOnce(vmcb12.MsrpmBasePa, write.Address);
                cpu.Log($"L1 writes vmcb12->control.msrpm_base_pa = 0x{write.Address:x}");
                break;
            default:
                throw new ArgumentException($"a vCPU of L1 knows no {message}", nameof(message));
        }
    }
}
