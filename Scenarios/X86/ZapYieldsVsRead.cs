using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A notification zaps one page, drops mmu_lock, and finds nothing more: TLBs must have been flushed by then (Z05).</summary>
/// <param name="isBefore">Whether the flush is forgotten when mmu_lock is dropped, as before a835429cda91.</param>
public sealed class ZapYieldsVsRead(bool isBefore) : X86History(
    "zap-yields-vs-read", "a notification drops mmu_lock between what it zaps and what it does not find", isBefore ? X86Variants.YieldingWithoutFlush : null,
    Before(isBefore, "a835429cda91", NoPageUseAfterFree, nameof(NoStaleTlb))?.AfterPreemptions(0))
{
    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    protected override VmOptions Shape { get; } = new() { Kvm = Small(NeedBreak.Chosen) };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new NoStaleTlb());
    }
}
