using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A large notification gives mmu_lock away in the middle of unmapping, to another one of a page that it has unmapped already, which a TLB still holds.</summary>
/// <param name="isMended">Whether TLBs are flushed first.</param>
public sealed class YieldVsUnmap(bool isMended) : VmScenario
{
    private static readonly MmuArchitecture Unflushed =
        new(Mended, "LoongArch as mended, but yielding with the flush still due", static kvm => new LoongArchYieldsUnflushed(kvm));

    /// <inheritdoc/>
    public override string Name => isMended ? "yield-vs-unmap" : "yield-vs-unmap-before";

    /// <inheritdoc/>
    public override string Summary => "a notification yields mmu_lock in the middle of unmapping" + (isMended ? "" : ", with the flush still due");

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        [isMended ? Expectation.Held(Mended) : Expectation.Violated(Mended, "a835429cda91", NoPageUseAfterFree, nameof(NoStaleTlb)).AfterPreemptions(2)];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new()
    {
        Architecture = isMended ? null : Unflushed,
        Kvm = new KvmParameters { FramesUnmappedBetweenYields = 1, RetriesBeforeSchedule = 2 },
    };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        vm.AddHost("munmap", Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        vm.Check(new NoStaleMapping(), new NoStaleTlb(), new NotifierBalance());
    }
}
