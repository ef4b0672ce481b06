namespace MmuStress.Traces;

/// <summary>Which kinds of events a recording has: where one is never seen that must come with another, it was not recorded, and nothing can be refused.</summary>
internal sealed class RecordedEvents
{
    // So many of one kind without a single one of the other are no chance.
    private static readonly (KvmEvent Seen, int Times, KvmEvent Missing, string Name)[] Companions =
    [
        (KvmEvent.SpteRequested, 64, KvmEvent.PageFault, "kvm_page_fault"),
        (KvmEvent.FastPageFault, 16, KvmEvent.PageFault, "kvm_page_fault"),
        (KvmEvent.SetSpte, 16, KvmEvent.SpteRequested, "kvm_mmu_spte_requested"),
        (KvmEvent.PageFault, 64, KvmEvent.SpteRequested, "kvm_mmu_spte_requested"),
        (KvmEvent.SpteChanged, 64, KvmEvent.UnmapHvaRange, "kvm_unmap_hva_range"),
        (KvmEvent.InvBegin, 8, KvmEvent.UnmapHvaRange, "kvm_unmap_hva_range"),
        (KvmEvent.SetSpteHva, 4, KvmEvent.UnmapHvaRange, "kvm_unmap_hva_range"),
        (KvmEvent.Entry, 128, KvmEvent.UserspaceExit, "kvm_userspace_exit"),
        (KvmEvent.MnStart, 8, KvmEvent.MnEnd, "mn_end"),
        (KvmEvent.InvEnd, 8, KvmEvent.InvBegin, "inv_begin"),
        (KvmEvent.InvBegin, 8, KvmEvent.InvEnd, "inv_end"),
        (KvmEvent.StaleRet, 8, KvmEvent.StaleCheck, "stale_check"),
        (KvmEvent.FaultRet, 8, KvmEvent.StaleCheck, "stale_check"),
        (KvmEvent.StaleCheck, 8, KvmEvent.StaleRet, "stale_ret"),
        (KvmEvent.SetMemslot, 3, KvmEvent.SwapMemslots, "swap_memslots"),
    ];

    private const int ManyWrites = 16;

    private readonly long[] counts = new long[byte.MaxValue];
    private long writesToMapped;

    /// <summary>The name of an event that was not recorded; null where all are.</summary>
    public string? Missing
    {
        get
        {
            foreach ((KvmEvent seen, int times, KvmEvent missing, string name) in Companions)
            {
                if (counts[(int)seen] >= times && counts[(int)missing] == 0)
                {
                    return name;
                }
            }

            return writesToMapped >= ManyWrites && counts[(int)KvmEvent.FastPageFault] == 0 ? "fast_page_fault" : null;
        }
    }

    /// <summary>An event of the VM.</summary>
    /// <param name="r">The event.</param>
    public void Add(in TraceRecord r)
    {
        counts[(int)r.Kind]++;
        writesToMapped += r.Kind == KvmEvent.PageFault && (r.C & 3) == 3 ? 1 : 0; // present, write
    }
}
