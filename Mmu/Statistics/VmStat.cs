namespace MmuStress.Mmu;

/// <summary>What is counted of a VM.</summary>
/// <remarks>
/// Mirrors: struct kvm_vm_stat_generic (remote_tlb_flush, remote_tlb_flush_requests), and of x86's struct kvm_vm_stat pages_4k; the other names are this model's.
/// Locking: none. Several CPUs count at once, so each addition is atomic; the kernel's own are partly plain, under mmu_lock or not, and lose some.
/// </remarks>
public sealed class VmStat : StatBlock
{
    private const int Flushes = 0;
    private const int FlushRequests = 1;
    private const int Notifications = 2;
    private const int LocksElided = 3;
    private const int PagesMapped = 4;
    private const int Pages4K = 5;
    private const int MaxPages4K = 6;
    private const int DirtyPages = 7;
    private const int ActiveInvalidations = 8;
    private const int MemslotSize = 9;
    private const int NotifierPages = 10;
    private const int NotifierPagesBuckets = 16;

    private readonly Kvm kvm;

    /// <summary>The statistics of <paramref name="kvm"/>, all 0.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="id">Whose they are: "kvm-1234".</param>
    internal VmStat(Kvm kvm, string id)
        : base(id, All) => this.kvm = kvm;

    /// <summary>What is counted.</summary>
    public static IReadOnlyList<StatDescriptor> All { get; } =
    [
        StatDescriptor.Counter("remote_tlb_flush", "flushes of remote TLBs that the architecture did, or for which a vCPU was interrupted"),
        StatDescriptor.Counter("remote_tlb_flush_requests", "flushes of remote TLBs that were asked for"),
        StatDescriptor.Counter("mmu_notifier_invalidations", "notifications: invalidate_range_start"),
        StatDescriptor.Counter("mmu_lock_elided", "notifications, each start, end and aging, that hit no memslot and took no mmu_lock"),
        StatDescriptor.Counter("pages_mapped", "stage-2 entries that were set where none was present"),
        StatDescriptor.Instant("pages_4k", "stage-2 entries that are present"),
        StatDescriptor.Peak("max_pages_4k", "the most stage-2 entries that were present"),
        StatDescriptor.Counter("dirty_pages", "pages that a fault marked dirty in a dirty log"),
        StatDescriptor.Instant("mn_active_invalidate_count", "notifications between start and end"),
        StatDescriptor.InstantBytes("memslot_size", PageSize.Shift, "the size of all memslots"),
        StatDescriptor.LogHist("mmu_notifier_pages_hist", NotifierPagesBuckets, "notifications by how many host pages they are about"),
    ];

    /// <inheritdoc/>
    public override ulong Read(int word) => word switch
    {
        ActiveInvalidations => kvm.MnActiveInvalidateCount.Peek,
        MemslotSize => kvm.NrMemslotPages.Peek,
        _ => base.Read(word),
    };

    internal void CountFlushRequest() => Counters.Increment(FlushRequests);

    internal void CountFlush() => Counters.Increment(Flushes);

    internal void CountElidedLock() => Counters.Increment(LocksElided);

    internal void CountDirtyPage() => Counters.Increment(DirtyPages);

    internal void CountNotification(HvaRange range)
    {
        Counters.Increment(Notifications);
        Counters.Increment(NotifierPages + All[NotifierPages].BucketOf((range.End - range.Start + PageSize.Bytes - 1) >> PageSize.Shift));
    }

    internal void CountMapped()
    {
        Counters.Increment(PagesMapped);
        Counters.Raise(MaxPages4K, Counters.Add(Pages4K, 1));
    }

    internal void CountUnmapped() => Counters.Add(Pages4K, -1);
}
