using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>The host's scheduler: moves a vCPU's thread between physical CPUs.</summary>
/// <param name="name">What people call it.</param>
/// <param name="vcpu">The vCPU whose thread it moves; must be allowed to migrate.</param>
public sealed class SchedulerActor(string name, Vcpu vcpu) : Actor(name)
{
    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        if (message is not MigratesVcpu migrates)
        {
            throw new ArgumentException($"the scheduler knows no {message}", nameof(message));
        }

        await vcpu.TryMigrate(cpu, vcpu.Kvm.HostCpus[migrates.HostCpu]);
    }
}
