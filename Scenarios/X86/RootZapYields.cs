using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>All roots are zapped by a walk that may drop mmu_lock on its way: it must come by every entry all the same, and get on (Z04, Z43).</summary>
/// <param name="isEndless">Whether somebody always wants mmu_lock.</param>
/// <param name="isBefore">Whether a walk that has dropped it goes one entry too far, as before 3a0f64de479c, or stays where it is, as before ed5e484b79e8.</param>
public sealed class RootZapYields(bool isEndless, bool isBefore) : X86History(
    isEndless ? "root-zap-progress" : "root-zap-yields",
    isEndless ? "a root is zapped while somebody always wants mmu_lock" : "a root is zapped by a walk that drops mmu_lock",
    !isBefore ? null : isEndless ? X86Variants.YieldingAtOnce : X86Variants.AdvancingAfterRestart,
    isEndless ? Before(isBefore, "ed5e484b79e8", Machine.MachineInvariants.NoLivelock)?.AfterPreemptions(0)
        : Before(isBefore, "3a0f64de479c", nameof(NoMappingWithoutSlot), MmuInvariants.NoTableLeak, nameof(TableAccounting))?.AfterPreemptions(0))
{
    private readonly bool isEndless = isEndless;

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoTableLeak];

    /// <inheritdoc/>
    protected override VmOptions Shape => new() { Base = 4, Kvm = Small(isEndless ? NeedBreak.Always : NeedBreak.Chosen) };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        vm.AddMemslotManager(vm.IsFreeRunning ? [.. vm.Deletions(), .. vm.Creations()] : vm.Deletions());
        vm.Check(new TableAccounting(), new NoMappingWithoutSlot());
        vm.DestroyAtEnd();
    }
}
