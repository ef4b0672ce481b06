using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>The host splits a huge page while vCPUs use the block that maps it, and unmaps a part: the block goes as a whole, and faults map pages.</summary>
public sealed class BlockSplitVsFault : BlockScenario
{
    /// <inheritdoc/>
    public override string Name => "block-split-vs-fault";

    /// <inheritdoc/>
    public override string Summary => "the host splits the huge page behind a block that vCPUs use, and unmaps a part";

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First, write: true);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(vm.First + (ulong)(id % Pages), 1));
        }

        vm.AddHost("split", new SplitsPages(vm.First.Value, (ulong)vm.Pages), new UnmapsPages(vm.First.Value, 1));
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        vm.Check(new NoStaleMapping(), new NoStaleTlb(), new BreakBeforeMake(), new TableCounts(), new TableAccounting());
        vm.DestroyAtEnd();
    }
}
