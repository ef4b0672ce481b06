using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A harvester that tells the checker of the dirty log when a harvest begins and what it reported.</summary>
/// <param name="vm">The VM.</param>
/// <param name="checker">The checker.</param>
public sealed class DirtyLogHarvester(Vm vm, DirtyLogComplete checker) : DirtyLogActor("harvester", vm.Kvm, (vm.Pages + 63) / 64)
{
    /// <inheritdoc/>
    protected override async Coroutine Harvest(Cpu cpu, int slot)
    {
        checker.HarvestBegins();
        await base.Harvest(cpu, slot);
        checker.HarvestEnds(cpu, vm.First, LastBitmap);
    }
}
