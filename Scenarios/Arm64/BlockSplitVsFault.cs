using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>The host splits a huge page while vCPUs use the block that maps it: the block goes as a whole, and faults map its pages one by one.</summary>
public sealed class BlockSplitVsFault : BlockScenario
{
    /// <inheritdoc/>
    public override string Name => "block-split-vs-fault";

    /// <inheritdoc/>
    public override string Summary => "the host splits the huge page behind a block that vCPUs use";

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First, write: true);
        vm.FlushTlbs();
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, id == 0 ? Scripts.Writes(vm.First + 1, 1) : Scripts.Writes(vm.First, 1));
        }

        vm.AddHost("split", new SplitsPages(vm.First.Value, (ulong)vm.Pages));
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        CheckTables(vm);
    }
}
