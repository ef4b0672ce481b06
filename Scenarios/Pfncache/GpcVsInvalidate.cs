using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>KVM writes to guest memory through a cache while the host drops the page: either the host waits, or the write goes to the new page.</summary>
public sealed class GpcVsInvalidate() : GpcScenario(null, null)
{
    private static readonly Message[] Writes = [new WritesThroughGpc(new Gfn(1), 42), new WritesThroughGpc(new Gfn(1), 43)];

    /// <inheritdoc/>
    protected override string BaseName => "gpc-vs-invalidate";

    /// <inheritdoc/>
    protected override string Happens => "KVM writes through a gfn_to_pfn_cache while the host drops the page";

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, GfnToPfnCache gpc, ScenarioParameters parameters)
    {
        Activate(stage, gpc, vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new GpcActor(Names.Vcpu(id), gpc), Writes);
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }
    }
}
