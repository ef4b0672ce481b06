using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot appears, and goes, between the start and the end of a notification: both must see the same memslots, or the counts no longer balance (I7, S4-2).</summary>
/// <param name="notifier">The notifier's code.</param>
public sealed class SlotsSwapVsNotifier(NotifierVariant notifier) : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "slots-swap-vs-notifier" + notifier.Suffix;

    /// <inheritdoc/>
    public override string Summary => "a memslot is created and deleted between the start and the end of a notification" + notifier.Summary;

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        notifier.IsToday ? OnLoongArch()
        : notifier == NotifierVariant.Unblocked ? [Expectation.Violated(Mended, "S4-2", MmuInvariants.NoKernelWarning, nameof(NotifierBalance))]
        : [Expectation.Held(Mended)];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { CreateSlots = false, Notifier = notifier.Create };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = notifier.IsToday ? 2 : 1 };

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
