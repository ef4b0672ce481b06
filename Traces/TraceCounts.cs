namespace MmuStress.Traces;

/// <summary>What was counted, of a VM or of a file.</summary>
public sealed class TraceCounts
{
    /// <summary>kvm_page_fault.</summary>
    public long Faults;

    /// <summary>Of those, writes.</summary>
    public long WriteFaults;

    /// <summary>Of those, fetches of instructions.</summary>
    public long FetchFaults;

    /// <summary>An SPTE was set.</summary>
    public long Fixed;

    /// <summary>The fast path, without mmu_lock, made the SPTE writable.</summary>
    public long Fast;

    /// <summary>There was nothing to do.</summary>
    public long Spurious;

    /// <summary>An access to no memslot.</summary>
    public long Emulated;

    /// <summary>The page had to be waited for.</summary>
    public long Async;

    /// <summary>KVM_RUN returned an error, as EFAULT.</summary>
    public long Failed;

    /// <summary>Tried again: from fault_ret where it is there, else by the rule for stock events.</summary>
    public long Retries;

    /// <summary>Reached the SPTE and did not set it: somebody else had, or a compare-exchange was lost.</summary>
    public long LostRaces;

    /// <summary>Not at an end when the trace was, or cut by lost events.</summary>
    public long Unfinished;

    /// <summary>Retries by the rule for stock events.</summary>
    public long StockRetries;

    /// <summary>Retries by fault_ret, of which the rule was silent.</summary>
    public long MissedRetries;

    /// <summary>Retries by the rule, of which fault_ret says otherwise.</summary>
    public long FalseRetries;

    /// <summary>Faults with a fault_ret.</summary>
    public long FaultResults;

    /// <summary>Calls of invalidate_range_start.</summary>
    public long Invalidations;

    /// <summary>Of those, that touched a memslot; known with probes only.</summary>
    public long InvalidationsOfSlots;

    /// <summary>Of those, by a vCPU's own thread: breaking copy-on-write.</summary>
    public long OwnInvalidations;

    /// <summary>Of those, with a fault of another thread in flight.</summary>
    public long OverlapsFault;

    /// <summary>Of those, with another one in flight.</summary>
    public long OverlapsInvalidation;

    /// <summary>kvm_set_spte_hva: change_pte.</summary>
    public long ChangePte;

    /// <summary>kvm_age_hva and kvm_test_age_hva.</summary>
    public long Aged;

    /// <summary>Leaf SPTEs that became present.</summary>
    public long SptesInstalled;

    /// <summary>Leaf SPTEs that are present no more.</summary>
    public long SptesZapped;

    /// <summary>Leaf SPTEs that went from one present value to another.</summary>
    public long SptesChanged;

    /// <summary>Of those, that lost the right to be written.</summary>
    public long SptesWriteProtected;

    /// <summary>Page tables linked.</summary>
    public long TablesLinked;

    /// <summary>Page tables taken out.</summary>
    public long TablesRemoved;

    /// <summary>kvm_mmu_zap_all_fast: all roots made obsolete.</summary>
    public long RootInvalidations;

    /// <summary>Changes of memslots: created, deleted, moved, flags.</summary>
    public readonly long[] SlotChanges = new long[4];

    /// <summary>get_dirty_log and clear_dirty_log, by markers.</summary>
    public long DirtyLogRounds;

    /// <summary>Pages that they reported.</summary>
    public long DirtyPages;

    /// <summary>Events of dirty rings.</summary>
    public long DirtyRing;

    /// <summary>stale_ret with its stale_check.</summary>
    public long StaleVerdicts;

    /// <summary>Of those, that the rule or an obsolete root explains.</summary>
    public long StaleAgreed;

    /// <summary>Of those, that only an obsolete root explains.</summary>
    public long StaleByObsoleteRoot;

    /// <summary>From kvm_page_fault to fault_ret, or else to kvm_entry.</summary>
    public readonly LogHistogram FaultTimes = new();

    /// <summary>From invalidate_range_start to the end of the invalidation, or to what bounds it.</summary>
    public readonly LogHistogram InvalidationTimes = new();

    /// <summary>From an SPTE's becoming present to its zap.</summary>
    public readonly LogHistogram SpteLives = new();

    /// <summary>Adds those of another one.</summary>
    /// <param name="o">The other one.</param>
    public void Add(TraceCounts o)
    {
        Faults += o.Faults;
        WriteFaults += o.WriteFaults;
        FetchFaults += o.FetchFaults;
        Fixed += o.Fixed;
        Fast += o.Fast;
        Spurious += o.Spurious;
        Emulated += o.Emulated;
        Async += o.Async;
        Failed += o.Failed;
        Retries += o.Retries;
        LostRaces += o.LostRaces;
        Unfinished += o.Unfinished;
        StockRetries += o.StockRetries;
        MissedRetries += o.MissedRetries;
        FalseRetries += o.FalseRetries;
        FaultResults += o.FaultResults;
        Invalidations += o.Invalidations;
        InvalidationsOfSlots += o.InvalidationsOfSlots;
        OwnInvalidations += o.OwnInvalidations;
        OverlapsFault += o.OverlapsFault;
        OverlapsInvalidation += o.OverlapsInvalidation;
        ChangePte += o.ChangePte;
        Aged += o.Aged;
        SptesInstalled += o.SptesInstalled;
        SptesZapped += o.SptesZapped;
        SptesChanged += o.SptesChanged;
        SptesWriteProtected += o.SptesWriteProtected;
        TablesLinked += o.TablesLinked;
        TablesRemoved += o.TablesRemoved;
        RootInvalidations += o.RootInvalidations;
        for (int i = 0; i < SlotChanges.Length; i++)
        {
            SlotChanges[i] += o.SlotChanges[i];
        }

        DirtyLogRounds += o.DirtyLogRounds;
        DirtyPages += o.DirtyPages;
        DirtyRing += o.DirtyRing;
        StaleVerdicts += o.StaleVerdicts;
        StaleAgreed += o.StaleAgreed;
        StaleByObsoleteRoot += o.StaleByObsoleteRoot;
        FaultTimes.Add(o.FaultTimes);
        InvalidationTimes.Add(o.InvalidationTimes);
        SpteLives.Add(o.SpteLives);
    }
}
