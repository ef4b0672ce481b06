using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot is deleted while its dirty log is read and cleared: slots_lock keeps the two apart, or the bitmap is used after it was freed.</summary>
public sealed class DirtyLogVsDelete : VmScenario
{
    private static readonly Message[] Harvests = [new HarvestsDirtyLog(0, MayBeOff: true)];

    /// <inheritdoc/>
    public override string Name => "dirty-log-vs-delete";

    /// <inheritdoc/>
    public override string Summary => "a memslot is deleted while its dirty log is read and cleared";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch();

    /// <inheritdoc/>
    protected override VmOptions Options { get; } =
        new() { Flags = MemslotFlags.LogDirtyPages, Kvm = new KvmParameters { ManualProtect = true, RetriesBeforeSchedule = 2 } };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First, write: true);
        stage.Add(new DirtyLogActor("harvester", vm.Kvm, (vm.Pages + 63) / 64, slot => vm.SlotAt(slot).Count), Harvests);
        vm.AddMemslotManager(vm.IsFreeRunning ? [.. vm.Deletions(), .. vm.Creations()] : vm.Deletions());
        vm.Check(new NoMappingWithoutSlot());
    }
}
