using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Stage-2 tables that are linked and map nothing: what is left when the host has dropped every page, one by one.</summary>
public static class EmptyTables
{
    /// <summary>Maps every page of the guest and has the host drop each of them.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="vm">The VM.</param>
    public static void Make(Stage stage, Vm vm)
    {
        for (ulong i = 0; i < (ulong)vm.Pages; i++)
        {
            vm.Touch(vm.First + i);
            vm.Mm.Unmap(stage.Machine.SetupCpu, HvaRange.OfPages(vm.First.Value + i, 1)).GetResult();
        }

        vm.FlushTlbs();
    }
}
