using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>One notification is about two pages, both of which are mapped (S4-4).</summary>
/// <param name="notifier">The notifier's code.</param>
public sealed class UnmapTwoPages(NotifierVariant notifier) : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "unmap-two-pages" + notifier.Suffix;

    /// <inheritdoc/>
    public override string Summary => "the host unmaps two pages at once" + notifier.Summary;

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        notifier.IsToday ? OnLoongArch() : [Expectation.Violated(Mended, "S4-4", nameof(NoStaleMapping)).AfterPreemptions(0)];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Notifier = notifier.Create };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (ulong i = 0; i < (ulong)vm.Pages; i++)
        {
            vm.Touch(vm.First + i);
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new NoStaleMapping(), new NotifierBalance());
    }
}
