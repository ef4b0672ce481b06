using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The checkers of a scenario, each told what the MMU does.</summary>
/// <param name="checkers">The checkers.</param>
public sealed class CheckerSet(params Checker[] checkers) : IMmuTracepoints
{
    /// <inheritdoc/>
    public void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
        foreach (Checker checker in checkers)
        {
            checker.SetPte(cpu, kvm, gfn, oldPte, newPte);
        }
    }

    /// <inheritdoc/>
    public void MmuLockElided(Cpu cpu, Kvm kvm, HvaRange range)
    {
        foreach (Checker checker in checkers)
        {
            checker.MmuLockElided(cpu, kvm, range);
        }
    }

    /// <inheritdoc/>
    public void TableFreed(Cpu cpu, Kvm kvm, Page table)
    {
        foreach (Checker checker in checkers)
        {
            checker.TableFreed(cpu, kvm, table);
        }
    }

    /// <inheritdoc/>
    public void InvalidateRangeStartReturned(Cpu cpu, Kvm kvm, HvaRange range)
    {
        foreach (Checker checker in checkers)
        {
            checker.InvalidateRangeStartReturned(cpu, kvm, range);
        }
    }

    /// <inheritdoc/>
    public void InvalidateRangeEndReturned(Cpu cpu, Kvm kvm, HvaRange range)
    {
        foreach (Checker checker in checkers)
        {
            checker.InvalidateRangeEndReturned(cpu, kvm, range);
        }
    }

    /// <inheritdoc/>
    public void AgeReturned(Cpu cpu, Kvm kvm, HvaRange range, bool young)
    {
        foreach (Checker checker in checkers)
        {
            checker.AgeReturned(cpu, kvm, range, young);
        }
    }

    /// <inheritdoc/>
    public void TlbFilled(Cpu cpu, Vcpu vcpu, Gfn gfn, LeafEntry entry)
    {
        foreach (Checker checker in checkers)
        {
            checker.TlbFilled(cpu, vcpu, gfn, entry);
        }
    }

    /// <inheritdoc/>
    public void TlbDenied(Cpu cpu, Vcpu vcpu, Gfn gfn, bool write)
    {
        foreach (Checker checker in checkers)
        {
            checker.TlbDenied(cpu, vcpu, gfn, write);
        }
    }

    /// <inheritdoc/>
    public void GuestLoaded(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        foreach (Checker checker in checkers)
        {
            checker.GuestLoaded(cpu, vcpu, gfn, frame, value);
        }
    }

    /// <inheritdoc/>
    public void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        foreach (Checker checker in checkers)
        {
            checker.GuestStored(cpu, vcpu, gfn, frame, value);
        }
    }

    /// <inheritdoc/>
    public void PfnCacheUsed(Cpu cpu, Kvm kvm, Gfn gfn, Frame frame, ulong value)
    {
        foreach (Checker checker in checkers)
        {
            checker.PfnCacheUsed(cpu, kvm, gfn, frame, value);
        }
    }

    /// <inheritdoc/>
    public void FaultFixedFast(Cpu cpu, Vcpu vcpu, Gfn gfn)
    {
        foreach (Checker checker in checkers)
        {
            checker.FaultFixedFast(cpu, vcpu, gfn);
        }
    }

    /// <inheritdoc/>
    public void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result)
    {
        foreach (Checker checker in checkers)
        {
            checker.FaultHandled(cpu, vcpu, gpa, write, result);
        }
    }

    /// <inheritdoc/>
    public void FaultRetried(Cpu cpu, Kvm kvm)
    {
        foreach (Checker checker in checkers)
        {
            checker.FaultRetried(cpu, kvm);
        }
    }

    /// <inheritdoc/>
    public void RemoteTlbsFlushRequested(Cpu cpu, Kvm kvm)
    {
        foreach (Checker checker in checkers)
        {
            checker.RemoteTlbsFlushRequested(cpu, kvm);
        }
    }

    /// <inheritdoc/>
    public void RemoteTlbsFlushDone(Cpu cpu, Kvm kvm)
    {
        foreach (Checker checker in checkers)
        {
            checker.RemoteTlbsFlushDone(cpu, kvm);
        }
    }

    /// <inheritdoc/>
    public void RemoteTlbsFlushed(Cpu cpu, Kvm kvm)
    {
        foreach (Checker checker in checkers)
        {
            checker.RemoteTlbsFlushed(cpu, kvm);
        }
    }

    /// <inheritdoc/>
    public void PageDirtied(Cpu cpu, Kvm kvm, Gfn gfn)
    {
        foreach (Checker checker in checkers)
        {
            checker.PageDirtied(cpu, kvm, gfn);
        }
    }

    /// <inheritdoc/>
    public void DirtyLogRead(Cpu cpu, Kvm kvm, Memslot slot, ReadOnlySpan<ulong> bitmap, bool cleared)
    {
        foreach (Checker checker in checkers)
        {
            checker.DirtyLogRead(cpu, kvm, slot, bitmap, cleared);
        }
    }

    /// <inheritdoc/>
    public void DirtyRingReset(Cpu cpu, Kvm kvm, Memslot slot, ulong offset, ulong mask)
    {
        foreach (Checker checker in checkers)
        {
            checker.DirtyRingReset(cpu, kvm, slot, offset, mask);
        }
    }

    /// <inheritdoc/>
    public void MemslotCommitted(Cpu cpu, Kvm kvm, MemslotChange change, Memslot? old, Memslot? @new)
    {
        foreach (Checker checker in checkers)
        {
            checker.MemslotCommitted(cpu, kvm, change, old, @new);
        }
    }

    /// <summary>Has every checker look when all actors are done.</summary>
    /// <param name="kvm">The VM.</param>
    public void AtEnd(Kvm kvm)
    {
        foreach (Checker checker in checkers)
        {
            checker.AtEnd(kvm);
        }
    }
}
