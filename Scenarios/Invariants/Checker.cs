using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A property of the MMU that is looked at while it runs, and when it is quiet. Named by what holds.</summary>
public abstract class Checker : IMmuTracepoints
{
    /// <summary>The property's name.</summary>
    public string Name => GetType().Name;

    /// <summary>
    /// Stands for what the checker remembers of each guest frame, so that an exhaustive search knows that the order matters of two steps
    /// that use the same; null where nobody searches.
    /// </summary>
    internal Block? Memory { private get; set; }

    /// <inheritdoc/>
    public virtual void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
    }

    /// <inheritdoc/>
    public virtual void MmuLockElided(Cpu cpu, Kvm kvm, HvaRange range)
    {
    }

    /// <inheritdoc/>
    public virtual void TableFreed(Cpu cpu, Kvm kvm, Page table)
    {
    }

    /// <inheritdoc/>
    public virtual void InvalidateRangeStartReturned(Cpu cpu, Kvm kvm, HvaRange range)
    {
    }

    /// <inheritdoc/>
    public virtual void InvalidateRangeEndReturned(Cpu cpu, Kvm kvm, HvaRange range)
    {
    }

    /// <inheritdoc/>
    public virtual void AgeReturned(Cpu cpu, Kvm kvm, HvaRange range, bool young)
    {
    }

    /// <inheritdoc/>
    public virtual void TlbFilled(Cpu cpu, Vcpu vcpu, Gfn gfn, LeafEntry entry)
    {
    }

    /// <inheritdoc/>
    public virtual void TlbDenied(Cpu cpu, Vcpu vcpu, Gfn gfn, bool write)
    {
    }

    /// <inheritdoc/>
    public virtual void GuestLoaded(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
    }

    /// <inheritdoc/>
    public virtual void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
    }

    /// <inheritdoc/>
    public virtual void PfnCacheUsed(Cpu cpu, Kvm kvm, Gfn gfn, Frame frame, ulong value)
    {
    }

    /// <inheritdoc/>
    public virtual void FaultFixedFast(Cpu cpu, Vcpu vcpu, Gfn gfn)
    {
    }

    /// <inheritdoc/>
    public virtual void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result)
    {
    }

    /// <inheritdoc/>
    public virtual void FaultRetried(Cpu cpu, Kvm kvm)
    {
    }

    /// <inheritdoc/>
    public virtual void RemoteTlbsFlushRequested(Cpu cpu, Kvm kvm)
    {
    }

    /// <inheritdoc/>
    public virtual void RemoteTlbsFlushDone(Cpu cpu, Kvm kvm)
    {
    }

    /// <inheritdoc/>
    public virtual void RemoteTlbsFlushed(Cpu cpu, Kvm kvm)
    {
    }

    /// <inheritdoc/>
    public virtual void PageDirtied(Cpu cpu, Kvm kvm, Gfn gfn)
    {
    }

    /// <inheritdoc/>
    public virtual void DirtyLogRead(Cpu cpu, Kvm kvm, Memslot slot, ReadOnlySpan<ulong> bitmap, bool cleared)
    {
    }

    /// <inheritdoc/>
    public virtual void DirtyRingReset(Cpu cpu, Kvm kvm, Memslot slot, ulong offset, ulong mask)
    {
    }

    /// <inheritdoc/>
    public virtual void MemslotCommitted(Cpu cpu, Kvm kvm, MemslotChange change, Memslot? old, Memslot? @new)
    {
    }

    /// <summary>Keeps memslots in place while they are looked at on behalf of a guest, which runs outside SRCU; explored, nobody runs meanwhile.</summary>
    /// <param name="cpu">Who looks.</param>
    /// <param name="kvm">The VM.</param>
    /// <returns>What to give back to <see cref="LetGoOfMemslots"/>.</returns>
    protected static ulong HoldMemslots(Cpu cpu, Kvm kvm) => kvm.Machine is NativeMachine ? cpu.SrcuReadLock(kvm.Srcu).GetResult() : 0;

    /// <summary>Ends what <see cref="HoldMemslots"/> began.</summary>
    /// <param name="cpu">Who looked.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="index">What that returned.</param>
    protected static void LetGoOfMemslots(Cpu cpu, Kvm kvm, ulong index)
    {
        if (kvm.Machine is NativeMachine)
        {
            cpu.SrcuReadUnlock(kvm.Srcu, index).GetResult();
        }
    }

    /// <summary>Looks when every actor is done.</summary>
    /// <param name="kvm">The VM.</param>
    public virtual void AtEnd(Kvm kvm)
    {
    }

    /// <summary>Says that the checker looks at what it remembers of a frame.</summary>
    /// <param name="gfn">The frame.</param>
    protected void Recalls(Gfn gfn) => _ = PlaceOf(gfn)?.Peek;

    /// <summary>Says that the checker changes what it remembers of a frame.</summary>
    /// <param name="gfn">The frame.</param>
    protected void Remembers(Gfn gfn) => PlaceOf(gfn)?.Note();

    /// <summary>Says that the checker changes what it remembers of some frames.</summary>
    /// <param name="gfns">The frames.</param>
    protected void Remembers(GfnRange gfns)
    {
        for (Gfn gfn = gfns.Start; gfn < gfns.End && Memory is not null; gfn = gfn.Next)
        {
            Remembers(gfn);
        }
    }

    private Word? PlaceOf(Gfn gfn) => Memory is null ? null : Memory[(int)(gfn.Value % (ulong)Memory.Words.Length)];
}
