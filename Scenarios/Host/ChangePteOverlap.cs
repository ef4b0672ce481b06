using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>KSM changes a mapping in place while another invalidation of the page is in progress: change_pte must not install into an entry that was zapped (LA20-9, LA3-8), nor rely on a count that it reads without mmu_lock (S4-5).</summary>
/// <param name="notifier">The notifier's code.</param>
public sealed class ChangePteOverlap(NotifierVariant notifier) : VmScenario
{
    private static readonly Message[] Merge = [new MergesPages(1, 2)];
    private static readonly Message[] Unmap = [new UnmapsPages(1, 1)];

    /// <inheritdoc/>
    public override string Name => "change-pte-overlap" + notifier.Suffix;

    /// <inheritdoc/>
    public override string Summary => "KSM changes a mapping in place within another invalidation of the page" + notifier.Summary;

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        notifier.IsToday ? OnLoongArch(
            Expectation.Violated(V3, "LA3-8", nameof(NoStaleMapping)),
            Expectation.Violated(V20, "LA20-9", nameof(NoStaleMapping)))
        : [Expectation.Violated(Mended, "S4-5", MachineInvariants.NoDataRace)];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { SparePages = 1, Notifier = notifier.Create };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 4 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        vm.Touch(vm.First + (ulong)(vm.Pages - 1)); // so that the table stays where it is freed when it is empty
        stage.Machine.SetupCpu.WriteOnce(vm.Mm.Memory.FrameAt(vm.Mm.Peek(Hva.OfPage(2)).Pfn).Content, 1).GetResult();
        vm.AddHost("ksmd", Merge);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Unmap);
        }

        vm.Check(new NoStaleMapping(), new NotifierBalance());
    }
}
