using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>vCPUs write while user space takes entries out of their rings and has them reset; a vCPU whose ring is full does that itself.</summary>
/// <param name="isSmall">Whether the rings are so small that they fill up.</param>
public sealed class DirtyRingVsWrite(bool isSmall) : DirtyRingScenario(null)
{
    private static readonly Message[] Reaps = [new ReapsDirtyRings(), new ReapsDirtyRings()];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } =
        new() { Vcpus = isSmall ? 1 : 2, Notifiers = 0, BytesPerVcpu = (isSmall ? 3 : 2) * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override string BaseName => isSmall ? "dirty-ring-full" : "dirty-ring";

    /// <inheritdoc/>
    protected override string Happens => isSmall
        ? "the same where the dirty rings are small and vCPUs have to stop for them"
        : "vCPUs note their writes in dirty rings that user space reaps; the last time is after they stopped";

    /// <inheritdoc/>
    protected override int Size => isSmall ? 4 : 16;

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, DirtyRingReaper reaper, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new RingVcpuActor(Names.Vcpu(id), vm.Kvm.Vcpus[id], reaper), Scripts.Writes(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        stage.Add(new DirtyRingActor("reaper", reaper), Reaps);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }
    }
}
