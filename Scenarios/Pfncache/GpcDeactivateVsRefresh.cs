using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A cache is torn down while a vCPU uses and refreshes it, and the host drops the page: once it has left kvm->gpc_list no notification finds it.</summary>
/// <param name="isBefore">Whether a cache that is not active can be used, as before ecbcf030b456.</param>
public sealed class GpcDeactivateVsRefresh(bool isBefore = false) : GpcScenario(
    isBefore ? static kvm => new GpcUsableWhenInactive(kvm) : null,
    isBefore ? Before("ecbcf030b456", NoPageUseAfterFree, nameof(NoStalePfnCache)) : null)
{
    private static readonly Message[] Writes = [new WritesThroughGpc(new Gfn(1), 42, Tries: 1), new WritesThroughGpc(new Gfn(1), 43, Tries: 1)];
    private static readonly Message[] Deactivates = [new DeactivatesGpc()];
    private static readonly Message[] Cycles = [new DeactivatesGpc(), new ActivatesGpc(new Gfn(1))];

    /// <inheritdoc/>
    protected override string BaseName => "gpc-deactivate-vs-refresh";

    /// <inheritdoc/>
    protected override string Happens => "a gfn_to_pfn_cache is torn down while a vCPU refreshes it and the host drops the page";

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, GfnToPfnCache gpc, ScenarioParameters parameters)
    {
        Activate(stage, gpc, vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new GpcActor(Names.Vcpu(id), gpc), Writes);
        }

        stage.Add(new GpcActor("ioctl", gpc), vm.IsFreeRunning ? Cycles : Deactivates);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }
    }
}
