using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>vCPUs write while user space harvests the dirty log (I6, LA20-13).</summary>
/// <param name="isStrict">Whether a harvest must hold every write that was made before it began, which x86 and LoongArch do not promise.</param>
/// <param name="isManual">Whether user space clears what it has read, and protects its pages, by a second call.</param>
public sealed class DirtyLog(bool isStrict, bool isManual = false) : VmScenario
{
    /// <inheritdoc/>
    public override string Name => isStrict ? "dirty-log-strict" : isManual ? "dirty-log-clear" : "dirty-log";

    /// <inheritdoc/>
    public override string Summary => isStrict
        ? "a harvest holds every write made before it began (more than is promised)"
        : isManual ? "the same where reading the dirty log clears nothing and KVM_CLEAR_DIRTY_LOG does"
        : "vCPUs write while the dirty log is harvested; the last harvest is after they stopped";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0, BytesPerVcpu = (isStrict ? 1 : 2) * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = isStrict
        ? OnLoongArch(
            Expectation.Violated(V20, "LA20-13", nameof(DirtyLogCompleteStrict)),
            Expectation.Violated(Merged, "LA20-13", nameof(DirtyLogCompleteStrict)))
        : OnLoongArch();

    /// <inheritdoc/>
    protected override VmOptions Options { get; } =
        new() { Flags = MemslotFlags.LogDirtyPages, Kvm = new KvmParameters { ManualProtect = isManual, RetriesBeforeSchedule = 2 } };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        DirtyLogComplete checker = isStrict ? new DirtyLogCompleteStrict() : new DirtyLogComplete();
        var harvester = new DirtyLogHarvester(vm, checker);
        stage.Add(harvester, Scripts.Harvests(parameters.Slots, times: 2));
        stage.CheckAtEnd(() =>
        {
            foreach (Message last in Scripts.Harvests(parameters.Slots, times: 1))
            {
                harvester.Receive(stage.Machine.SetupCpu, last).GetResult();
            }
        });
        vm.Check(checker);
    }
}
