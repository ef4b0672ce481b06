using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A harvester that tells the checker of the dirty log when a harvest begins and what it reported.</summary>
/// <param name="vm">The VM.</param>
/// <param name="checker">The checker.</param>
public sealed class DirtyLogHarvester(Vm vm, DirtyLogComplete checker) : DirtyLogActor("harvester", vm.Kvm, (vm.Pages + 63) / 64, slot => vm.SlotAt(slot).Count)
{
    /// <inheritdoc/>
    protected override async Coroutine Harvest(Cpu cpu, int slot, bool mayBeOff)
    {
        GfnRange gfns = vm.SlotAt(slot);
        checker.HarvestBegins(gfns);
        await base.Harvest(cpu, slot, mayBeOff);
        checker.HarvestEnds(cpu, gfns, LastBitmap);
    }
}
