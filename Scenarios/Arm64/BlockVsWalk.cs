using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A fault puts a block in the place of a table while another fault, under mmu_lock for read as well, is inside the table.</summary>
/// <remarks>
/// The dirty log was on, so that a page of the huge page was mapped as a page; then it was turned off. One vCPU writes the other page, which maps the
/// block; the other one's access makes the old page's entry young. With tables freed at once, the latter walks a table that is free.
/// Mirrors: "KVM: arm64: Protect stage-2 traversal with RCU", November 2022.
/// </remarks>
/// <param name="isBefore">Whether the table is freed at once.</param>
public sealed class BlockVsWalk(bool isBefore) : BlockScenario
{
    private static readonly VmOptions Logged = Shape with { Flags = MemslotFlags.LogDirtyPages };

    private static readonly VmOptions LoggedBefore = Logged with { Architecture = MmuArchitectures.Arm64 with { Create = static kvm => new Arm64FreeingAtOnce(kvm) } };

    /// <inheritdoc/>
    public override string Name => isBefore ? "block-vs-walk-before" : "block-vs-walk";

    /// <inheritdoc/>
    public override string Summary =>
        isBefore ? "a table that a block takes the place of is freed at once, and a fault walks it" : "a table that a block takes the place of is freed after the faults that walk it";

    /// <inheritdoc/>
    protected override VmOptions Options => isBefore ? LoggedBefore : Logged;

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        Cpu cpu = stage.Machine.SetupCpu;
        vm.Touch(vm.First);
        vm.Kvm.SetMemoryRegion(cpu, vm.RegionOf(0, default(MemslotFlags))).GetResult();
        vm.Mm.Age(cpu, HvaRange.OfPages(vm.First.Value, 1), flush: true).GetResult();
        vm.FlushTlbs();
        vm.AddVcpu(0, Scripts.Writes(vm.First + 1, 1));
        for (int id = 1; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        CheckTables(vm);
    }
}
