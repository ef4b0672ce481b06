using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot is deleted and created again over other host pages while KVM writes through a cache of it: the generation tells the cache that it must look again.</summary>
public sealed class GpcVsMemslotDelete() : GpcScenario(null, null)
{
    private static readonly Message[] Writes = [new WritesThroughGpc(new Gfn(1), 42, Tries: 1), new WritesThroughGpc(new Gfn(1), 43, Tries: 1)];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    protected override string BaseName => "gpc-vs-memslot-delete";

    /// <inheritdoc/>
    protected override string Happens => "a memslot gets other host pages while KVM writes through a gfn_to_pfn_cache";

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { SparePages = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, GfnToPfnCache gpc, ScenarioParameters parameters)
    {
        Activate(stage, gpc, vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new GpcActor(Names.Vcpu(id), gpc), Writes);
        }

        GfnRange gfns = vm.SlotAt(0);
        var elsewhere = new SetsMemslot(UserspaceMemoryRegion.OfPages(0, gfns.Start.Value, gfns.Count, gfns.Start.Value + 1));
        Message[] moves = [new SetsMemslot(UserspaceMemoryRegion.Deletion(0)), elsewhere];
        vm.AddMemslotManager(vm.IsFreeRunning ? [.. moves, .. vm.Deletions(), .. vm.Creations()] : moves);
    }
}
