using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The dirty log is turned on while vCPUs write through a block: it is write-protected as a whole, and the first write puts a table in its place.</summary>
public sealed class BlockVsDirtyLog : BlockScenario
{
    private static readonly HarvestsDirtyLog Last = new(0, MayBeOff: true);

    /// <inheritdoc/>
    public override string Name => "block-vs-dirty-log";

    /// <inheritdoc/>
    public override string Summary => "the dirty log is turned on while vCPUs write through a block, which they then split";

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First, write: true);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(vm.First + (ulong)(id % Pages), 1));
        }

        var on = new SetsMemslot(vm.RegionOf(0, MemslotFlags.LogDirtyPages));
        vm.AddMemslotManager(vm.IsFreeRunning ? [on, new SetsMemslot(vm.RegionOf(0))] : [on]);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        var log = new DirtyLogComplete();
        var harvester = new DirtyLogHarvester(vm, log);
        stage.CheckAtEnd(() => harvester.Receive(stage.Machine.SetupCpu, Last).GetResult());
        vm.Check(new NoStaleMapping(), new NoStaleTlb(), new BreakBeforeMake(), new TableCounts(), new TableAccounting(), log);
        vm.DestroyAtEnd();
    }
}
