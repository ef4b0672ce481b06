using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The dirty log is turned on while vCPUs write: once that has returned, every write must be in a harvest.</summary>
/// <remarks>A vCPU that has written already has a TLB entry that lets writes through, which only the flush after the write protection takes away.</remarks>
public sealed class DirtyLogEnable : VmScenario
{
    private static readonly Message[] Guest = [new GuestWrites(new Gfn(1), 42), new GuestWrites(new Gfn(1), 43)];
    private static readonly HarvestsDirtyLog Last = new(0, MayBeOff: true);

    /// <inheritdoc/>
    public override string Name => "dirty-log-enable";

    /// <inheritdoc/>
    public override string Summary => "the dirty log is turned on while vCPUs write; the harvest is after they stopped";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch();

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First, write: true);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Guest);
        }

        var on = new SetsMemslot(vm.RegionOf(0, MemslotFlags.LogDirtyPages));
        vm.AddMemslotManager(vm.IsFreeRunning ? [on, new SetsMemslot(vm.RegionOf(0))] : [on]);
        var checker = new DirtyLogComplete();
        var harvester = new DirtyLogHarvester(vm, checker);
        stage.CheckAtEnd(() => harvester.Receive(stage.Machine.SetupCpu, Last).GetResult());
        vm.Check(checker);
    }
}
