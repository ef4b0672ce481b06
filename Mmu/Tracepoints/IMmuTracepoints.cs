namespace MmuStress.Mmu;

/// <summary>What checkers are told, in place and at once: between a call and the step before it no other CPU ran.</summary>
/// <remarks>Every member does nothing unless it is implemented. Nothing is called while <see cref="Kvm.Tracepoints"/> is null.</remarks>
public interface IMmuTracepoints
{
    /// <summary>A last-level entry was written.</summary>
    /// <param name="cpu">Who wrote it.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="gfn">The frame it is for.</param>
    /// <param name="oldPte">What it said.</param>
    /// <param name="newPte">What it says.</param>
    void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte)
    {
    }

    /// <summary>A table was linked.</summary>
    /// <param name="cpu">Who linked it.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="table">The table.</param>
    /// <param name="level">Its level, 0 for a pte table.</param>
    void TableLinked(Cpu cpu, Kvm kvm, Page table, int level)
    {
    }

    /// <summary>A table is given back to the page allocator: just before on ARM, just after on LoongArch.</summary>
    /// <param name="cpu">Who freed it.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="table">The table.</param>
    void TableFreed(Cpu cpu, Kvm kvm, Page table)
    {
    }

    /// <summary>A notification hit no memslot, so that mmu_lock was not taken for it: once for each start, end, aging or change_pte.</summary>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="range">The range.</param>
    void MmuLockElided(Cpu cpu, Kvm kvm, HvaRange range)
    {
    }

    /// <summary>invalidate_range_start is about to return to the host.</summary>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="range">The range.</param>
    void InvalidateRangeStartReturned(Cpu cpu, Kvm kvm, HvaRange range)
    {
    }

    /// <summary>invalidate_range_end was called.</summary>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="range">The range.</param>
    void InvalidateRangeEndEntered(Cpu cpu, Kvm kvm, HvaRange range)
    {
    }

    /// <summary>invalidate_range_end is about to return to the host.</summary>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="range">The range.</param>
    void InvalidateRangeEndReturned(Cpu cpu, Kvm kvm, HvaRange range)
    {
    }

    /// <summary>clear_flush_young, clear_young or test_young is about to return to the host.</summary>
    /// <param name="cpu">The notifier's caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="range">The range.</param>
    /// <param name="young">The answer.</param>
    void AgeReturned(Cpu cpu, Kvm kvm, HvaRange range, bool young)
    {
    }

    /// <summary>kvm_flush_remote_tlbs was called.</summary>
    /// <param name="cpu">Who flushes.</param>
    /// <param name="kvm">The VM.</param>
    void RemoteTlbsFlushRequested(Cpu cpu, Kvm kvm)
    {
    }

    /// <summary>kvm_flush_remote_tlbs had to do something: the architecture flushed, or a vCPU was interrupted.</summary>
    /// <param name="cpu">Who flushes.</param>
    /// <param name="kvm">The VM.</param>
    void RemoteTlbsFlushDone(Cpu cpu, Kvm kvm)
    {
    }

    /// <summary>kvm_flush_remote_tlbs is about to return.</summary>
    /// <param name="cpu">Who flushed.</param>
    /// <param name="kvm">The VM.</param>
    void RemoteTlbsFlushed(Cpu cpu, Kvm kvm)
    {
    }

    /// <summary>A hardware walk put an entry into a TLB.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gfn">The frame it is for.</param>
    /// <param name="entry">What was put in.</param>
    void TlbFilled(Cpu cpu, Vcpu vcpu, Gfn gfn, LeafEntry entry)
    {
    }

    /// <summary>An entry that was in a TLB did not allow an access, so that the guest faults.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gfn">The frame it is for.</param>
    /// <param name="write">Whether the access is a write.</param>
    void TlbDenied(Cpu cpu, Vcpu vcpu, Gfn gfn, bool write)
    {
    }

    /// <summary>The guest read.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gfn">Where.</param>
    /// <param name="frame">What the hardware took it to be.</param>
    /// <param name="value">What it read.</param>
    void GuestLoaded(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
    }

    /// <summary>The guest wrote.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gfn">Where.</param>
    /// <param name="frame">What the hardware took it to be.</param>
    /// <param name="value">What it wrote.</param>
    void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
    }

    /// <summary>KVM wrote to a guest page through a gfn_to_pfn_cache, whose lock it still holds.</summary>
    /// <param name="cpu">Who wrote.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="gfn">Where.</param>
    /// <param name="frame">Where the cache led to.</param>
    /// <param name="value">What was written.</param>
    void PfnCacheUsed(Cpu cpu, Kvm kvm, Gfn gfn, Frame frame, ulong value)
    {
    }

    /// <summary>A fault found that an invalidation has overtaken it, and starts over.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="kvm">The VM.</param>
    void FaultRetried(Cpu cpu, Kvm kvm)
    {
    }

    /// <summary>A fault found its entry there already, and needed no page.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gfn">Where the guest faulted.</param>
    void FaultFixedFast(Cpu cpu, Vcpu vcpu, Gfn gfn)
    {
    }

    /// <summary>A fault was handled.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="gpa">Where the guest faulted.</param>
    /// <param name="write">Whether it wrote.</param>
    /// <param name="result">0 or a negative error number.</param>
    void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result)
    {
    }

    /// <summary>mark_page_dirty set the page's bit.</summary>
    /// <param name="cpu">Who set it.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="gfn">The page.</param>
    void PageDirtied(Cpu cpu, Kvm kvm, Gfn gfn)
    {
    }

    /// <summary>KVM_GET_DIRTY_LOG or KVM_CLEAR_DIRTY_LOG is about to return.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="slot">The memslot.</param>
    /// <param name="bitmap">What user space got, or what it asked to clear; valid during the call.</param>
    /// <param name="cleared">Whether these bits were cleared and their pages write-protected.</param>
    void DirtyLogRead(Cpu cpu, Kvm kvm, Memslot slot, ReadOnlySpan<ulong> bitmap, bool cleared)
    {
    }

    /// <summary>KVM_RESET_DIRTY_RINGS is about to write-protect pages; holds mmu_lock.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="slot">The memslot.</param>
    /// <param name="offset">The page that bit 0 stands for, counted from the memslot's first.</param>
    /// <param name="mask">Which pages.</param>
    void DirtyRingReset(Cpu cpu, Kvm kvm, Memslot slot, ulong offset, ulong mask)
    {
    }

    /// <summary>A memslot has changed for good; <paramref name="old"/> is not freed yet.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="change">What changed.</param>
    /// <param name="old">The memslot as it was.</param>
    /// <param name="new">The memslot as it is.</param>
    void MemslotCommitted(Cpu cpu, Kvm kvm, MemslotChange change, Memslot? old, Memslot? @new)
    {
    }
}
