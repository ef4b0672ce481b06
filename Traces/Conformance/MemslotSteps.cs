namespace MmuStress.Traces;

/// <summary>The steps of one change of a memslot at a time: set, publish, and for delete and move flush and publish again.</summary>
/// <remarks>
/// Mirrors: kvm_set_memslot(), kvm_swap_active_memslots(), virt/kvm/kvm_main.c (v6.12).
/// Locking: slots_lock.
/// Differs: swap_memslots is the entry of the function; that it published is known from what its thread does next. An invalidation
/// surely counts in mn_active_invalidate_count from its inv_begin to its inv_end.
/// </remarks>
internal sealed class MemslotSteps
{
    private const ulong Delete = 1;
    private const ulong Move = 2;
    private ThreadState? thread;
    private ulong change;
    private int swaps;
    private bool seesChanges;
    private bool isWaiting;
    private bool isFlushed;

    // A VM may zap leaf by leaf instead (6.12 without KVM_X86_QUIRK_SLOT_ZAP_ALL); one that ever made its roots obsolete always does.
    private bool flushesByRoot;

    /// <summary>The line of the last swap_memslots; 0 where there is none.</summary>
    public long SwapLine { get; private set; }

    private int SwapsWanted => change is Delete or Move ? 2 : 1;

    public void Forget()
    {
        thread = null;
        seesChanges = false;
        isWaiting = false;
    }

    /// <summary>set_memslot.</summary>
    public string? Set(ThreadState by, ulong what)
    {
        string? wrong = Done(by);
        if (wrong is null && thread is { } other && other != by && swaps < SwapsWanted)
        {
            wrong = $"a memslot is changed while {other}, which holds slots_lock, has published {swaps} of {SwapsWanted} times";
        }

        seesChanges = true;
        (thread, change, swaps, isWaiting, isFlushed) = (by, what, 0, false, false);
        return wrong;
    }

    /// <summary>swap_memslots.</summary>
    /// <param name="by">The thread.</param>
    /// <param name="line">The line.</param>
    /// <param name="invalidations">How many invalidations are in progress.</param>
    /// <param name="zapsAll">Whether this kernel is too old to zap leaf by leaf.</param>
    /// <returns>What is wrong; null where nothing is.</returns>
    public string? Swap(ThreadState by, long line, long invalidations, bool zapsAll)
    {
        if (thread != by)
        {
            string? stranger = thread is null ? (seesChanges ? "memslots are published without a change of one" : null) : $"memslots are published by a thread that changes none; {thread} does";
            (isWaiting, SwapLine) = (false, line);
            return stranger;
        }

        string? wrong = Published("publishes memslots again") ?? (
            swaps == SwapsWanted ? "memslots are published more often than the change needs"
            : swaps == 1 && (flushesByRoot || zapsAll) && !isFlushed ? "the slot is gone before what maps it was zapped"
            : null);
        swaps++;
        isWaiting = invalidations > 0;
        SwapLine = line;
        return wrong;
    }

    /// <summary>The last invalidation in progress has ended: whoever waits for that may publish.</summary>
    public void Drained() => isWaiting = false;

    /// <summary>Whether the thread flushes for the change: kvm_mmu_zap_all_fast.</summary>
    public bool IsFlushOf(ThreadState by) => thread == by && change is Delete or Move && swaps == 1;

    /// <summary>kvm_mmu_zap_all_fast.</summary>
    public string? Flush(ThreadState by)
    {
        if (thread != by || change is not (Delete or Move))
        {
            return null;
        }

        isFlushed = true;
        flushesByRoot = true;
        return swaps == 0 ? "what maps the slot is zapped before the slot is published as invalid" : Published("zaps what maps the slot");
    }

    /// <summary>The thread is through with the change: the next one, or the end of its system call.</summary>
    public string? Done(ThreadState by)
    {
        if (thread != by)
        {
            return null;
        }

        string? wrong = Published("has published");
        thread = null;
        return wrong;
    }

    /// <summary>The end of a system call that changed a memslot and did not fail.</summary>
    public string? Succeeded(ThreadState by)
    {
        if (thread != by)
        {
            return null;
        }

        string? wrong = swaps < SwapsWanted ? $"the memslot was published {swaps} of {SwapsWanted} times" : null;
        return Done(by) ?? wrong;
    }

    private string? Published(string what) =>
        isWaiting ? $"{thread} {what}, but since its swap_memslots in line {SwapLine} there was always an invalidation in progress" : null;
}
