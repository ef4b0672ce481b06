using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The reader of a scenario file's dirty log, which tells the strict checker when a harvest begins.</summary>
/// <param name="name">What people call it.</param>
/// <param name="vm">The VM.</param>
/// <param name="memory">The file's memory.</param>
/// <param name="strict">The checker; null where nobody asks for it.</param>
internal sealed class FileDirtyLogReader(string name, Vm vm, FileMemory memory, DirtyLogCompleteStrict? strict)
    : DirtyLogReaderActor(name, vm.Kvm, memory.SlotNumbers, memory.MostBitmapWords)
{
    /// <inheritdoc/>
    protected override void Begin(int slot)
    {
        if (strict is null || vm.IsFreeRunning)
        {
            return;
        }

        foreach (Memslot there in vm.Kvm.PeekMemslots().Peek())
        {
            (int id, GfnRange gfns, _, _) = there.Peek();
            if (id == slot)
            {
                strict.HarvestBegins(gfns);
            }
        }
    }
}
