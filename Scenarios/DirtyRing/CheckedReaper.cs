using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A reader of the dirty rings that tells the checker of the dirty log which pages it has: once a reset has returned, the pages it reset are copied.</summary>
/// <param name="vm">The VM.</param>
/// <param name="checker">The checker.</param>
public class CheckedReaper(Vm vm, DirtyLogComplete checker) : DirtyRingReaper(vm.Kvm)
{
    // Guarded by itself, as one thread may collect while another has entries reset.
    private readonly List<(DirtyRing Ring, ulong Entry, int Slot, ulong Offset)> taken = [];

    /// <inheritdoc/>
    protected override void Taken(DirtyRing ring, ulong n, int slot, ulong offset)
    {
        lock (taken)
        {
            taken.Add((ring, n, slot, offset));
        }
    }

    /// <inheritdoc/>
    protected override void HasReset(Cpu cpu)
    {
        lock (taken)
        {
            for (int i = taken.Count - 1; i >= 0; i--)
            {
                (DirtyRing ring, ulong entry, int slot, ulong offset) = taken[i];
                if (entry < ring.ResetIndex.Peek)
                {
                    Gfn gfn = vm.SlotAt(slot).Start + offset;
                    checker.HarvestEnds(cpu, new GfnRange(gfn, gfn.Next), [1]);
                    taken.RemoveAt(i);
                }
            }
        }
    }
}
