using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The host drops a page while an invalid root that maps it is yet to be zapped, because another memslot was deleted (Z03).</summary>
/// <param name="isBefore">Whether notifications leave invalid roots alone, as before d62007edf01f.</param>
public sealed class RootZapVsUnmap(bool isBefore) : X86History(
    "root-zap-vs-unmap", "the host drops a page that is mapped in a root on its way out", isBefore ? X86Variants.SkippingInvalidRoots : null,
    Before(isBefore, "d62007edf01f", NoPageUseAfterFree))
{
    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Slots = 2, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree, MmuInvariants.NoTableUseAfterFree];

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First, write: true);
        int last = parameters.Slots - 1;
        Message[] delete = [new SetsMemslot(UserspaceMemoryRegion.Deletion(last))];
        vm.AddMemslotManager(vm.IsFreeRunning ? [.. delete, new SetsMemslot(vm.RegionOf(last))] : delete);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        vm.Check(new NoStaleTlb(), new NotifierBalance());
    }
}
