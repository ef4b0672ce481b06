using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>
/// The OOM reaper takes a running guest's memory away, in notifications that must not sleep (S4-3), while memslots are updated. A reaper that tells
/// no notifier leaves the guest with pages that are freed.
/// </summary>
/// <param name="notifier">The notifier's code.</param>
/// <param name="reaper">The reaper's.</param>
public sealed class OomReaper(NotifierVariant notifier, OomReaperMode reaper = OomReaperMode.Notifies) : VmScenario
{
    private static readonly Message[] Reaps = [new ReapsMemory()];

    /// <inheritdoc/>
    public override string Name => "oom-reaper" + notifier.Suffix + reaper switch
    {
        OomReaperMode.Notifies => "",
        OomReaperMode.Skips => "-skips",
        _ => "-before",
    };

    /// <inheritdoc/>
    public override string Summary => "the OOM reaper takes the memory away under a running guest" + notifier.Summary + reaper switch
    {
        OomReaperMode.Notifies => "",
        OomReaperMode.Skips => ", but not where there are notifiers",
        _ => ", and tells no notifier",
    };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        reaper == OomReaperMode.TellsNobody ? [Expectation.Violated(Mended, "4d4bbd8526a8", NoPageUseAfterFree, nameof(NoStaleMapping), nameof(NoStaleTlb)).AfterPreemptions(0)]
        : reaper == OomReaperMode.Notifies && notifier.IsToday ? OnLoongArch(
            Expectation.Violated(V3, "LA3-6", NoPageUseAfterFree),
            Expectation.Violated(V20, "LA20-1", NoPageUseAfterFree, nameof(NoStaleMapping), nameof(NoStaleTlb)))
        : [Expectation.Held(Mended)];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Notifier = notifier.Create, Host = host => host with { OomReaper = reaper } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, vm.Pages));
        }

        vm.AddHost("oom_reaper", Reaps);
        vm.AddMemslotManager(new SetsMemslot(vm.RegionOf(0, MemslotFlags.LogDirtyPages)));
        vm.Check(new NoStaleMapping(), new NoStaleTlb(), new NotifierBalance());
    }
}
