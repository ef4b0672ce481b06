using static MmuStress.Traces.Tests.Verdicts;

namespace MmuStress.Traces.Tests;

public sealed class ConformanceTests
{
    [Fact]
    public void Probes_OfAWholeProtocol_AreExplained()
    {
        TraceSummary summary = Excerpt.OfProbes().Read();
        Assert.Equal((TraceVerdict.Explained, null), (summary.Verdict, summary.First));
        Assert.Equal((3, 3, 0), (summary.Total.StaleVerdicts, summary.Total.StaleAgreed, summary.Total.StaleByObsoleteRoot));
    }

    [Fact]
    public void Deletion_WithAnObsoleteRoot_IsExplained()
    {
        TraceSummary summary = Excerpt.OfDeletion().Read();
        Assert.Equal((TraceVerdict.Explained, null), (summary.Verdict, summary.First));
        Assert.Equal((1, 1, 1), (summary.Total.StaleVerdicts, summary.Total.StaleAgreed, summary.Total.StaleByObsoleteRoot));
        Assert.Equal([1, 1, 0, 0], summary.Total.SlotChanges);
    }

    [Fact]
    public void Verdict_FlippedToFresh_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("stale_ret");
        Refused(trace.Change(line, "ret=1", "ret=0"), line, "the verdict is fresh, but mmu_invalidate_seq went from 0 to 1");
    }

    [Fact]
    public void Verdict_FlippedToStale_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("stale_ret", 1);
        Refused(trace.Change(line, "ret=0", "ret=1"), line, "no root is obsolete");
    }

    [Fact]
    public void Verdict_FreshInARangeInProgress_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("stale_check", 2);
        Refused(OfAnInvalidationOfTheFault(trace), line + 1, "an invalidation of [7f0000006000, 7f0000007000) is in progress");
    }

    [Fact]
    public void Verdict_StaleWithoutAnObsoleteRoot_IsRefused()
    {
        Excerpt trace = Excerpt.OfDeletion();
        int zap = trace.Find("kvm_mmu_zap_all_fast");
        Refused(trace.Remove(zap), trace.Find("stale_ret"), "no root is obsolete");
    }

    [Theory]
    [InlineData("inv_begin", 2, "seq=2", "seq=3", 0, "mmu_invalidate_seq is 3, but the invalidations before make it 2")]
    [InlineData("inv_end", 1, "seq=1", "seq=2", 0, "mmu_invalidate_seq is 2, but the invalidations before make it 1")]
    [InlineData("inv_begin", 1, "in_progress=1", "in_progress=0", 0, "mmu_invalidate_in_progress is 0, but the invalidations before make it 1")]
    [InlineData("stale_check", 0, " seq=1", " seq=0", 0, "mmu_invalidate_seq is 0, but the invalidations before make it 1")]
    [InlineData("stale_check", 0, "range_end=0x7f0000005000", "range_end=0x7f0000004000", 0, "the range is [7f0000001000, 7f0000004000)")]
    [InlineData("stale_check", 1, "mmu_seq=2", "mmu_seq=1", 0, "earlier than mmu_invalidate_seq was when it began, 2")]
    [InlineData("inv_end", 0, "last=0x7f0000004fff", "last=0x7f0000003fff", 0, "the range ends as [7f0000003000, 7f0000004000)")]
    [InlineData("inv_begin", 0, "end=0x7f0000005000", "end=0x7f0000006000", 0, "the range begins as [7f0000003000, 7f0000006000)")]
    [InlineData("kvm_unmap_hva_range", 0, "0x00007f0000005000", "0x00007f0000006000", 0, "invalidate_range_start was called for [7f0000003000, 7f0000005000) in line")]
    [InlineData("mn_end", 0, "end=0x7f0000005000", "end=0x7f0000006000", 0, "invalidate_range_end is called for [7f0000003000, 7f0000006000)")]
    [InlineData("fault_ret", 0, "ret=1", "ret=4", 0, "the fault's result is 4, but the verdict in line")]
    [InlineData("fault_ret", 1, "ret=4", "ret=1", 0, "is to be tried again, but it has set its SPTE")]
    public void State_Falsified_IsRefused(string name, int which, string old, string now, int offset, string message)
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find(name + ": ", which);
        Refused(trace.Change(line, old, now), line + offset, message);
    }

    [Fact]
    public void Verdict_GivenTwice_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("stale_ret", 1);
        Refused(trace.Insert(line, trace.Lines[line - 1]), line + 1, "a second verdict of the check in line");
    }

    [Fact]
    public void Spte_RequestedTwice_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("kvm_mmu_spte_requested");
        Refused(trace.Insert(line, trace.Lines[line - 1]), line + 1, "requests an SPTE a second time");
    }

    [Fact]
    public void Spte_InstalledWithoutItsEvent_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("kvm_mmu_set_spte", 1);
        Refused(trace.Remove(line), trace.Find("fault_ret", 2), "but it has neither set an SPTE nor found one that is right");
    }

    [Fact]
    public void Spte_ZappedBeforeItsInvalidationBegins_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        trace.SpteChanged("main-100", 0x1008, 0, 0x2d7ce67);
        trace.Move(trace.Lines.Count, trace.Find("kvm_entry"));
        int begin = trace.Find("inv_begin", 2);
        trace.SpteChanged("mut0-103", 0x1008, 0x2d7ce67, 0);
        trace.Move(trace.Lines.Count, begin);
        Assert.Equal(TraceVerdict.Explained, trace.Read().Verdict);
        trace.Move(begin, begin + 1);
        Refused(trace, begin, "gfn 1008: the SPTE 2d7ce67 is zapped before the invalidation of line");
    }

    [Fact]
    public void Memslots_PublishedWithoutAChange_AreRefused()
    {
        Excerpt trace = Excerpt.OfDeletion();
        trace.Remove(trace.Find("set_memslot: ", 1));
        Refused(trace, trace.Find("swap_memslots", 1), "memslots are published without a change of one");
    }

    [Fact]
    public void Sequence_Skipped_IsRefusedWhereItIs()
    {
        Excerpt trace = Excerpt.OfProbes();
        int mnEnd = trace.Find("mn_end", 0);
        trace.Remove(mnEnd + 1);
        trace.Remove(mnEnd);
        Refused(trace, trace.Find("stale_check"), "mmu_invalidate_seq is 1, but the invalidations before make it 0");
    }

    [Fact]
    public void Spte_InstalledAfterItsInvalidationBegan_IsRefused()
    {
        // The invalidation's begin moves to between the fresh verdict and the SPTE.
        Excerpt trace = Excerpt.OfProbes();
        int requested = trace.Find("kvm_mmu_spte_requested");
        trace.Move(trace.Find("mn_start", 2), requested).Move(trace.Find("kvm_unmap_hva_range", 2), requested + 1).Move(trace.Find("inv_begin", 2), requested + 2);
        Refused(trace, requested + 3, "no order of the unseen steps before it explains it");
    }

    [Fact]
    public void Spte_OfAFreshVerdictDuringItsInvalidation_IsRefused()
    {
        // The whole fault stands between begin and end of an invalidation of its page that it claims not to see.
        Excerpt trace = Excerpt.OfProbes();
        int check = trace.Find("stale_check", 2);
        OfAnInvalidationOfTheFault(trace).Change(check, "in_progress=1", "in_progress=0");
        Refused(trace, check, "mmu_invalidate_in_progress is 0, but the invalidations before make it 1");
    }

    [Fact]
    public void Spte_RequestedAfterAStaleVerdict_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int stale = trace.Find("stale_ret");
        string requested = trace.Lines[trace.Find("kvm_mmu_spte_requested") - 1];
        Refused(trace.Insert(stale, requested), stale + 1, $"the verdict in line {stale - 1} was stale");
    }

    [Fact]
    public void Spte_WithoutACheck_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int check = trace.Find("stale_check", 1);
        trace.Remove(check + 1);
        Refused(trace.Remove(check), check, "without a staleness check");
    }

    [Fact]
    public void Memslot_PublishedBeforeTheNotifiersDrained_IsRefused()
    {
        // The invalidation that was in progress at swap_memslots ends only after the slot's mappings were zapped.
        Excerpt trace = Excerpt.OfDeletion();
        int end = trace.Find("mn_end");
        int zap = trace.Find("kvm_mmu_zap_all_fast");
        trace.Move(zap, end - 1);
        Refused(trace, end, "there was always an invalidation in progress");
    }

    [Fact]
    public void Memslot_ZappedBeforeItIsPublishedAsInvalid_IsRefused()
    {
        Excerpt trace = Excerpt.OfDeletion();
        int swap = trace.Find("swap_memslots", 1);
        trace.Move(trace.Find("kvm_mmu_zap_all_fast"), swap - 1);
        Refused(trace, swap, "before the slot is published as invalid");
    }

    [Fact]
    public void Memslot_GoneBeforeItsMappings_IsRefused()
    {
        Excerpt trace = Excerpt.OfDeletion();
        foreach (string name in new[] { "kvm_page_fault", "faultin: ", "faultin_ret", "stale_check", "stale_ret", "fault_ret", "kvm_mmu_zap_all_fast" })
        {
            trace.Remove(trace.Find(name));
        }

        Refused(trace, trace.Find("swap_memslots", 2), "the slot is gone before what maps it was zapped");
    }

    [Fact]
    public void Memslot_PublishedOnceOnly_IsRefused()
    {
        Excerpt trace = Excerpt.OfDeletion();
        trace.Remove(trace.Find("swap_memslots", 2));
        Refused(trace, trace.Find("op=2 end"), "published 1 of 2 times");
    }

    [Fact]
    public void Memslot_ZappedUnderAFaultThatMaySeeIt_IsRefused()
    {
        Excerpt trace = Excerpt.OfDeletion();
        int swap = trace.Find("swap_memslots", 1);
        trace.Move(trace.Find("kvm_exit"), swap - 1).Move(trace.Find("kvm_page_fault"), swap);
        trace.Insert(3, "           vcpu1-102     [002] .....     0.900000: fault_ret: (kvm_mmu_page_fault+0x113/0x980 [kvm] <- direct_page_fault) ret=4");
        Refused(trace, trace.Find("kvm_mmu_zap_all_fast"), "kvm->srcu");
    }

    [Fact]
    public void Sequence_MovedByAZapOfARange_IsTakenAsItIs()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("inv_begin", 2);
        trace.Change(line, "seq=2", "seq=3").Change(trace.Find("stale_check", 2), "mmu_seq=2 seq=2", "mmu_seq=3 seq=3").Change(trace.Find("inv_end", 2), "seq=2", "seq=3");
        trace.Change(trace.Find("faultin: ", 2), "seq=2", "seq=3");
        Assert.Equal(line, trace.Read().First!.Line);
        trace.Add("main-100", ".....", "kvm_apicv_inhibit_changed: set reason=3, inhibits=0x8");
        trace.Move(trace.Lines.Count, line - 1);
        Assert.Equal(TraceVerdict.Explained, trace.Read().Verdict);
    }

    [Fact]
    public void LostEvents_InTheChain_AreNotConcludedAcross()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("inv_begin", 2);
        trace.Change(line, "seq=2", "seq=9").Change(trace.Find("stale_check", 2), "mmu_seq=2 seq=2", "mmu_seq=9 seq=9").Change(trace.Find("inv_end", 2), "seq=2", "seq=9");
        trace.Change(trace.Find("faultin: ", 2), "seq=2", "seq=9");
        Assert.Equal(line, trace.Read().First!.Line);
        trace.Insert(line - 1, "CPU:1 [LOST 7 EVENTS]");
        TraceSummary summary = trace.Read();
        Assert.Equal((TraceVerdict.Explained, 7, 1), (summary.Verdict, summary.Lost, summary.Gaps));
    }

    [Fact]
    public void LostEvents_MayHaveMadeRootsObsolete_UntilTheNextEntry()
    {
        Excerpt trace = Excerpt.OfDeletion();
        int zap = trace.Find("kvm_mmu_zap_all_fast");
        TraceSummary summary = trace.Remove(zap).Insert(zap - 1, "CPU:1 [LOST 1 EVENTS]").Read();
        Assert.Equal((TraceVerdict.Explained, 1), (summary.Verdict, summary.Total.StaleByObsoleteRoot));
    }

    [Fact]
    public void StockEvents_Alone_AreExplained()
    {
        Excerpt trace = Excerpt.OfProbes();
        string[] probes = ["mn_start", "mn_end", "inv_begin", "inv_end", "faultin", "faultin_ret", "stale_check", "stale_ret", "fault_ret", "set_memslot", "swap_memslots"];
        IEnumerable<string> stock = trace.Lines.Where(l => !probes.Any(p => l.Contains($": {p}: ", StringComparison.Ordinal)));
        TraceSummary summary = Excerpt.Read(string.Concat(stock.Select(l => l + "\n")));
        Assert.Equal((TraceVerdict.Explained, 3, 1), (summary.Verdict, summary.Total.Faults, summary.Total.Retries));
    }

    // The last invalidation is one of the page that the last fault is at.
    private static Excerpt OfAnInvalidationOfTheFault(Excerpt trace) =>
        trace.ChangeAll("7f0000009000", "7f0000007000").ChangeAll("7f0000008fff", "7f0000006fff").ChangeAll("7f0000008000", "7f0000006000");
}
