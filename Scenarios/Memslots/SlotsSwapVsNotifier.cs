using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>A memslot appears between the start and the end of a notification: both must see the same memslots, or the counts no longer balance (I7, 1.4).</summary>
public sealed class SlotsSwapVsNotifier : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "slots-swap-vs-notifier";

    /// <inheritdoc/>
    public override string Summary => "a memslot is created between the start and the end of a notification";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch();

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { CreateSlots = false };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 2 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.AddMemslotManager([.. vm.Creations(), .. vm.Deletions()]);
        vm.Check(new NotifierBalance());
    }
}
