using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>khugepaged replaces pages by a huge one under a running guest, and must tell the notifiers first (Z39).</summary>
/// <param name="notifies">Whether it does.</param>
public sealed class FileCollapse(bool notifies) : VmScenario
{
    private static readonly Message[] Collapse = [new CollapsesPages(1, 2)];

    /// <inheritdoc/>
    public override string Name => notifies ? "file-collapse" : "file-collapse-before";

    /// <inheritdoc/>
    public override string Summary => "khugepaged collapses pages under a running guest" + (notifies ? "" : ", and tells no notifier");

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        [notifies ? Expectation.Held(Mended) : Expectation.Violated(Mended, "f268f6cf875f", NoPageUseAfterFree, nameof(NoStaleMapping), nameof(NoStaleTlb))];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Host = host => host with { CollapseNotifies = notifies } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        if (vm.Pages >= 2)
        {
            vm.AddHost("khugepaged", Collapse);
        }

        vm.Check(new NoStaleMapping(), new NoStaleTlb(), new NotifierBalance());
    }
}
