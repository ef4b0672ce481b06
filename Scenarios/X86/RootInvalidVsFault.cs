using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot is deleted while a vCPU faults in another one: all roots become invalid and are zapped, and what is installed into them afterwards is never freed (Z02).</summary>
/// <param name="isBefore">Whether a fault does not look at its root, as before a955cad84cda.</param>
public sealed class RootInvalidVsFault(bool isBefore) : X86History(
    "root-invalid-vs-fault", "a memslot is deleted while a vCPU faults in another one", isBefore ? X86Variants.WithoutRootCheck : null,
    Before(isBefore, "a955cad84cda", MmuInvariants.NoTableLeak, nameof(TableAccounting)))
{
    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0, Slots = 2, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoTableLeak];

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        int last = parameters.Slots - 1;
        Message[] delete = [new SetsMemslot(UserspaceMemoryRegion.Deletion(last))];
        vm.AddMemslotManager(vm.IsFreeRunning ? [.. delete, new SetsMemslot(vm.RegionOf(last))] : delete);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        vm.Check(new TableAccounting(), new NoStaleMapping());
        vm.DestroyAtEnd();
    }
}
