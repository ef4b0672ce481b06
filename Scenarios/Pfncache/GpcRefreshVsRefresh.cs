using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Two vCPUs use one cache for two addresses, so that each refreshes what the other has: the page of one must never stand beside the address of the other.</summary>
/// <param name="isBefore">Whether refreshes are not serialised, as before 93984f19e7bc.</param>
public sealed class GpcRefreshVsRefresh(bool isBefore = false) : GpcScenario(
    isBefore ? static kvm => new GpcWithoutRefreshLock(kvm) : null,
    isBefore ? Before("93984f19e7bc", nameof(NoStalePfnCache), MmuInvariants.NoKernelWarning).AfterPreemptions(2) : null)
{
    private static readonly Message[][] Writes = [[new WritesThroughGpc(new Gfn(1), 42, Tries: 1)], [new WritesThroughGpc(new Gfn(2), 43, Tries: 1)]];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override string BaseName => "gpc-refresh-vs-refresh";

    /// <inheritdoc/>
    protected override string Happens => "two vCPUs refresh one gfn_to_pfn_cache for two addresses";

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, GfnToPfnCache gpc, ScenarioParameters parameters)
    {
        Activate(stage, gpc, vm.First + (ulong)(vm.Pages - 1));
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new GpcActor(Names.Vcpu(id), gpc), Writes[id % Math.Min(2, vm.Pages)]);
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }
    }
}
