using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>Counts what the tracepoints tell.</summary>
internal sealed class Recorder : IMmuTracepoints
{
    public int Flushes { get; private set; }

    public int LocksElided { get; private set; }

    public int TablesLinked { get; private set; }

    public int TablesFreed { get; private set; }

    /// <summary>Whether mmu_lock was held when TLBs were last flushed.</summary>
    public bool FlushedUnderMmuLock { get; private set; }

    /// <summary>How many tables were freed when TLBs were last flushed.</summary>
    public int TablesFreedBeforeFlush { get; private set; }

    public List<(ulong Gfn, LeafEntry Old, LeafEntry New)> Ptes { get; } = [];

    public List<ulong> Dirtied { get; } = [];

    public List<MemslotChange> Commits { get; } = [];

    public void RemoteTlbsFlushed(Cpu cpu, Kvm kvm)
    {
        Flushes++;
        FlushedUnderMmuLock = cpu.Held.Contains(kvm.MmuLock);
        TablesFreedBeforeFlush = TablesFreed;
    }

    public void MmuLockElided(Cpu cpu, Kvm kvm, HvaRange range) => LocksElided++;

    public void TableLinked(Cpu cpu, Kvm kvm, Page table, int level) => TablesLinked++;

    public void TableFreed(Cpu cpu, Kvm kvm, Page table) => TablesFreed++;

    public void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte) => Ptes.Add((gfn.Value, oldPte, newPte));

    public void PageDirtied(Cpu cpu, Kvm kvm, Gfn gfn) => Dirtied.Add(gfn.Value);

    public void MemslotCommitted(Cpu cpu, Kvm kvm, MemslotChange change, Memslot? old, Memslot? @new) => Commits.Add(change);
}
