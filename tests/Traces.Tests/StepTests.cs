using static MmuStress.Traces.Tests.Verdicts;

namespace MmuStress.Traces.Tests;

/// <summary>What a thread's events must be in its own order.</summary>
public sealed class StepTests
{
    private const string Mutator = "mut0-103";
    private const ulong Mapped = 0x2e62e67;
    private const ulong Protected = 0x2e62e65;

    [Theory]
    [InlineData("faultin: ", 1, "gfn=0x1003", "gfn=0x1004", 0, "gfn 1004: kvm_faultin_pfn() is entered, but the fault of line")]
    [InlineData("faultin_ret: ", 1, "ret=0", "ret=1", 1, "gfn 1003: is_page_fault_stale() is entered, but kvm_faultin_pfn() returned 1")]
    [InlineData("stale_check: ", 1, "gfn=0x1003", "gfn=0x1004", 0, "gfn 1004: is_page_fault_stale() is entered, but kvm_faultin_pfn() was for gfn 1003")]
    [InlineData("stale_check: ", 1, "hva=0x7f0000003000", "hva=0x7f0000004000", 0, "gfn 1003: its host virtual address is 7f0000004000, but its memslot is at 7f0000003000 there")]
    [InlineData("fault_ret: ", 2, "ret=4", "ret=5", 0, "is 5, but one that changes its SPTE returns 4")]
    [InlineData("fault_ret: ", 1, "ret=4", "ret=-14", 0, "is -14, but kvm_faultin_pfn() found the page")]
    [InlineData("kvm_page_fault: ", 1, "0x0000000001003000", "0x0000000001005000", 0, "the fault is at 1005000, but the guest was left for one at 1003000")]
    [InlineData("kvm_page_fault: ", 1, "error_code 0x100000006", "error_code 0x100000004", 0, "the fault's error code is 100000004, but the guest was left with 100000006")]
    [InlineData("faultin: ", 2, "seq=2", "seq=1", 0, "gfn 1006: mmu_invalidate_seq is 1, but the invalidations before make it 2")]
    [InlineData("kvm_mmu_set_spte: ", 0, "gfn 1003", "gfn 1005", 0, "gfn 1005: an SPTE is set, but the fault of line")]
    [InlineData("kvm_mmu_set_spte: ", 0, "spte 2e62e67", "spte 2e63e67", 0, "gfn 1003: the SPTE 2e63e67 is not of the page that was requested, 2e62")]
    [InlineData("kvm_mmu_spte_requested: ", 0, "level 1", "level 2", 0, "page 2e62 is requested at level 2, but is elsewhere in its huge page")]
    [InlineData("old_spte 0 new_spte 2e62e67", 0, "gfn 1003", "gfn 1005", 0, "gfn 1005: an SPTE is set, but the fault of line")]
    [InlineData("old_spte 0 new_spte 2e62e67", 0, "new_spte 2e62e67", "new_spte 2e62667", 0, "gfn 1003: the SPTE 2e62667 maps nothing, but page 2e62 was requested")]
    [InlineData("set_memslot: ", 0, "change=0", "change=3", 0, "the change of slot 1 is 3, but by its marker it is 0")]
    public void Field_Falsified_IsRefused(string name, int which, string old, string now, int offset, string message)
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find(name, which);
        Refused(trace.Change(line, old, now), line + offset, message);
    }

    [Theory]
    [InlineData("mn_start: ", 1, 1, "kvm_unmap_hva_range without a call of invalidate_range_start")]
    [InlineData("mn_end: ", 1, 1, "ends before invalidate_range_end is called")]
    [InlineData("faultin: ", 1, 1, "kvm_faultin_pfn() returns without having been entered")]
    [InlineData("stale_check: ", 1, 1, "a verdict without a check")]
    [InlineData("kvm_page_fault: ", 1, 1, "the guest was left for a fault at 1003000, but no kvm_page_fault follows")]
    public void Event_LeftOut_IsRefused(string name, int which, int next, string message)
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find(name, which);
        Refused(trace.Remove(line), line + next - 1, message);
    }

    [Theory]
    [InlineData("mn_start: ", 1, "invalidate_range_start is called again")]
    [InlineData("mn_end: ", 1, "invalidate_range_end is called a second time")]
    [InlineData("faultin: ", 1, "kvm_faultin_pfn() is entered a second time")]
    [InlineData("faultin_ret: ", 1, "kvm_faultin_pfn() returns without having been entered")]
    [InlineData("stale_check: ", 1, "is_page_fault_stale() is entered without kvm_faultin_pfn() before")]
    [InlineData("fault_ret: ", 1, "a second result of the same fault")]
    [InlineData("kvm_page_fault: ", 1, "a second kvm_page_fault of the same exit")]
    [InlineData("kvm_mmu_set_spte: ", 0, "sets its SPTE a second time")]
    public void Event_Repeated_IsRefused(string name, int which, string message)
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find(name, which);
        Refused(trace.Insert(line, trace.Lines[line - 1]), line + 1, message);
    }

    [Theory]
    [InlineData("kvm_unmap_hva_range", 2, 1, 0, "begins before kvm_unmap_hva_range")]
    [InlineData("fault_ret: ", 1, 1, 1, "a fault's result while the vCPU is in the guest")]
    [InlineData("kvm_mmu_spte_requested", 0, 1, 0, "an SPTE is set, but the fault of line")]
    public void Events_OfAThreadSwapped_AreRefused(string name, int which, int by, int offset, string message)
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find(name, which);
        Refused(trace.Move(line, line + by), line + offset, message);
    }

    [Fact]
    public void Invalidation_EndedByAnotherThread_IsRefused()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("inv_end: ", 2);
        Refused(trace.Change(line, "    mut0-103", "    mut1-104"), line, "an invalidation ends that its thread has not begun");
    }

    [Fact]
    public void Invalidation_OfNoMemslot_DoesNotBegin()
    {
        Excerpt trace = Excerpt.OfProbes();
        int line = trace.Find("inv_begin: ", 2);
        Refused(trace.ChangeAll("7f0000008", "7e0000008").ChangeAll("7f0000009", "7e0000009"), line, "where no memslot is");
    }

    [Fact]
    public void Invalidation_OfAMemslot_MustBegin()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Begin(Mutator, 0x7f0000003000, 0x7f0000004000, seq: 0, inProgress: 0);
        trace.End(Mutator, 0x7f0000003000, 0x7f0000004000, seq: 0, inProgress: 1);
        trace.Begin(Mutator, 0x7f0000003000, 0x7f0000004000, seq: 1, inProgress: 0);
        trace.End(Mutator, 0x7f0000003000, 0x7f0000004000, seq: 1, inProgress: 1);
        Explained(trace);
        trace.Remove(trace.Lines.Count).Remove(trace.Find("inv_begin: ", 1));
        Refused(trace, trace.Lines.Count, "of a memslot, has not begun");
    }

    [Theory]
    [InlineData("gfn_start=0x1003 gfn_end=0x1005", true)]
    [InlineData("gfn_start=0x1003 gfn_end=0x1006", false)]
    public void Invalidation_ByGfn_IsOfTheFramesOfItsAddresses(string range, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Begin(Mutator, 0x7f0000003000, 0x7f0000005000, seq: 0, inProgress: 0);
        int line = trace.Find("inv_begin");
        trace.Change(line, "start=0x7f0000003000 end=0x7f0000005000", range);
        Check(trace, isExplained, line, "the range begins as gfns [1003, 1006), but invalidate_range_start was called for gfns [1003, 1005)");
    }

    [Fact]
    public void Page_ReplacedWithoutAnInvalidation_IsRefused()
    {
        Excerpt trace = OfAReplacedPage(invalidates: true);
        Explained(trace);
        trace = OfAReplacedPage(invalidates: false);
        Refused(trace, trace.Find("pfn 2e63"), "gfn 1003: page 2e63 is requested, but it was 2e62 in line");
    }

    [Fact]
    public void Page_OfAnInvalidationThatMayStillBeInFlight_IsNotKnown()
    {
        // Called before the page is requested, begun after that, ended before the other page is.
        var trace = new Excerpt();
        trace.StartVm();
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        trace.Fault(0, 0x1003);
        trace.SpteChanged(Mutator, 0x1003, Mapped, 0);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        trace.Fault(1, 0x1003);
        int line = trace.Find("kvm_mmu_spte_requested", 1);
        for (int i = line; i < line + 3; i++)
        {
            trace.Change(i, "2e62", "2e63");
        }

        Explained(trace);
    }

    [Theory]
    [InlineData(0x2e62e67, true)]
    [InlineData(0x2e62825, true)]
    [InlineData(0x2e62c67, false)]
    [InlineData(0x2e62a67, false)]
    [InlineData(0x2e62e6f, false)]
    [InlineData(0x2e62ee7, false)]
    [InlineData(0x2e62e66, false)]
    public void Spte_WithBitsThatKvmDoesNotSet_IsRefused(ulong spte, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.Requested(0, 0x1003);
        trace.Add("vcpu0-101", "...1.", "kvm_tdp_mmu_spte_changed: as id 0 gfn 1000 level 2 old_spte 0 new_spte 1218a827");
        trace.SpteChanged("vcpu0-101", 0x1003, 0, spte);
        trace.SetSpte(0, 0x1003, spte);
        trace.Entry(0);
        Check(trace, isExplained, trace.Find($"new_spte {spte:x}"), $"gfn 1003: the SPTE {spte:x}");
    }

    [Theory]
    [InlineData("gva 1003000", "gva 1004000", "fast_page_fault is at 1004000")]
    [InlineData("fixed 1", "fixed 1 spurious 1", "")]
    [InlineData("spurious 0 fixed 1", "spurious 1 fixed 1", "has both mended the SPTE and found it right")]
    [InlineData("spurious 0 fixed 1", "spurious 1 fixed 0", "finds the SPTE 2e62e65 right, which does not allow the access")]
    [InlineData("old 0x2e62e65", "old 0x2e62e67", "mends the SPTE 2e62e67, which allows the access")]
    public void FastFault_Falsified_IsRefused(string old, string now, string message)
    {
        Excerpt trace = OfAFastFault();
        Check(trace.Change(trace.Find("fast_page_fault"), old, now), message.Length == 0, trace.Find("fast_page_fault"), message);
    }

    [Fact]
    public void FastFault_Twice_IsRefused()
    {
        Excerpt trace = OfAFastFault();
        int line = trace.Find("fast_page_fault");
        Refused(trace.Insert(line, trace.Lines[line - 1]), line + 1, "a second fast_page_fault of the same fault");
    }

    [Fact]
    public void FastFault_AfterTheRequest_IsRefused()
    {
        Excerpt trace = OfAFastFault();
        int line = trace.Find("fast_page_fault");
        trace.Insert(line - 1, "           vcpu0-101     [001] ...1.     1.000020: kvm_mmu_spte_requested: gfn 1003 pfn 2e62 level 1");
        Refused(trace, line + 1, "has asked for its SPTE already");
    }

    [Fact]
    public void HugePage_InASlotThatItDoesNotFit_IsRefused()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.Add("vcpu0-101", "...1.", "kvm_mmu_spte_requested: gfn 1003 pfn bc03 level 2");
        trace.Entry(0);
        int line = trace.Find("kvm_mmu_spte_requested");
        Explained(trace);
        trace.ChangeAll("[1000000,1400000)", "[1000000,1020000)");
        Refused(trace, line, "gfn 1003: a page of level 2 is requested, which does not fit into slot 1");
        trace.ChangeAll("[1000000,1020000)", "[1000000,1400000)").ChangeAll("flags=0", "flags=1");
        Refused(trace, line, "gfn 1003: a page of level 2 is requested in slot 1, whose dirty pages are logged");
    }

    [Theory]
    [InlineData("0x007f0000003000", true)]
    [InlineData("0x007f0000005000", false)]
    public void ChangePte_IsOfAnInvalidationInProgress(string address, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        trace.Add(Mutator, "...1.", $"kvm_set_spte_hva: mmu notifier set pte hva: {address}");
        Check(trace, isExplained, trace.Find("kvm_set_spte_hva"), "kvm_set_spte_hva of 7f0000005000 outside of any invalidation of its thread");
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public void RootGeneration_Alternates(int second, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Add(Mutator, "...1.", "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 0 used_pages 0");
        trace.Add(Mutator, "...1.", $"kvm_mmu_zap_all_fast: kvm-mmu-valid-gen {second} used_pages 0");
        Check(trace, isExplained, trace.Lines.Count, "mmu_valid_gen is 0, as it was the last time");
    }

    [Fact]
    public void Memslot_ChangedWithoutItsProbe_IsRefused()
    {
        Excerpt trace = Excerpt.OfDeletion();
        trace.Insert(0, "            main-100     [001] d..1.     0.900000: kvm_update_master_clock: masterclock 0 hostclock tsc offsetmatched 0");
        foreach (string name in new[] { "kvm_page_fault", "kvm_exit", "faultin: ", "faultin_ret", "stale_check", "stale_ret", "fault_ret", "kvm_mmu_zap_all_fast" })
        {
            trace.Remove(trace.Find(name));
        }

        trace.Remove(trace.Find("swap_memslots", 2)).Remove(trace.Find("swap_memslots", 1)).Remove(trace.Find("set_memslot: ", 1));
        Refused(trace, trace.Find("op=2 end"), "slot 1 was changed without kvm_set_memslot()");
    }

    [Theory]
    [InlineData("0000000000000008", 1, true)]
    [InlineData("0000000000000000", 0, false)]
    public void DirtyBit_OfAPageThatWasWritten_IsNotLost(string bitmap, int dirty, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.ChangeAll("flags=0", "flags=1");
        trace.Fault(0, 0x1003);
        trace.Operation(Mutator, "op=3 begin get_dirty_log hva=[0,0)");
        trace.SpteChanged(Mutator, 0x1003, Mapped, Protected);
        trace.Operation(Mutator, $"op=3 note slot=1 dirty={dirty} bitmap0={bitmap}");
        trace.Operation(Mutator, "op=3 end get_dirty_log rc=0 errno=0");
        int line = trace.Find(" note ");
        Check(trace, isExplained, line, "gfn 1003 is not dirty in the log of slot 1, but a write was let through there");
        trace.Operation(Mutator, "op=4 begin clear_dirty_log hva=[0,0)");
        Explained(trace);
    }

    [Fact]
    public void DirtyLog_ReadWhileAWriteIsLetThrough_MayHaveItOrNot()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.ChangeAll("flags=0", "flags=1");
        trace.PageFault(0, 0x1003);
        trace.Operation(Mutator, "op=3 begin get_dirty_log hva=[0,0)");
        trace.Install(0, 0x1003);
        trace.Operation(Mutator, "op=3 note slot=1 dirty=0 bitmap0=0000000000000000");
        trace.Entry(0);
        trace.Operation(Mutator, "op=4 begin get_dirty_log hva=[0,0)");
        trace.Operation(Mutator, "op=4 note slot=1 dirty=0 bitmap0=0000000000000000");
        Explained(trace);
    }

    [Fact]
    public void DirtyLog_OfMorePagesThanItSays_IsRefused()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.Operation(Mutator, "op=3 note slot=1 dirty=0 bitmap0=0000000000000008");
        Refused(trace, trace.Lines.Count, "names 1 in its first 64 bits, but 0 are said to be dirty");
    }

    [Fact]
    public void DirtyLog_ZapsNothing()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.Operation(Mutator, "op=3 begin get_dirty_log hva=[0,0)");
        trace.SpteChanged(Mutator, 0x1003, Mapped, 0);
        Refused(trace, trace.Lines.Count, "gfn 1003: the SPTE 2e62e67 is zapped outside of any invalidation");
    }

    [Fact]
    public void Spte_OfEncryptedMemory_HasABitThatIsNoPage()
    {
        Excerpt trace = Excerpt.OfStock();
        trace.ChangeAll("spte 2e62e67", "spte 8000002e62e67");
        Explained(trace);
    }

    [Fact]
    public void Page_ThatWasWaitedFor_IsMappedWithoutAFaultOfItsOwn()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.Add("vcpu0-101", ".....", "kvm_try_async_get_page: gva = 0x1003000, gfn = 0x1003");
        trace.Entry(0);
        trace.PageFault(0, 0x1004);
        trace.Add("vcpu0-101", ".....", "kvm_async_pf_completed: gva 0x1003000 address 0x7f0000003000");
        trace.Install(0, 0x1003);
        trace.Entry(0);
        Explained(trace);
    }

    private static Excerpt OfAReplacedPage(bool invalidates)
    {
        // The roots become obsolete in between, so that the SPTE goes without an invalidation.
        var trace = new Excerpt();
        trace.StartVm();
        trace.Unmap(Mutator, 0x7f0000009000, 0x7f000000a000);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        trace.Fault(0, 0x1003);
        trace.Add(Mutator, "...1.", "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 0 used_pages 0");
        trace.Operation(Mutator, "note");
        if (invalidates)
        {
            trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
            trace.Operation(Mutator, "op=3 end madvise_dontneed rc=0 errno=0");
        }

        int from = trace.Lines.Count + 1;
        trace.Fault(0, 0x1003);
        for (int i = from; i <= trace.Lines.Count; i++)
        {
            if (trace.Lines[i - 1].Contains("2e62", StringComparison.Ordinal))
            {
                trace.Change(i, "2e62", "2e63");
            }
        }

        return trace;
    }

    private static Excerpt OfAFastFault()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Add("main-100", "...1.", "kvm_tdp_mmu_spte_changed: as id 0 gfn 1000 level 2 old_spte 0 new_spte 1218a827");
        trace.SpteChanged("main-100", 0x1003, 0, Protected);
        trace.PageFault(0, 0x1003);
        trace.FastFixed(0, 0x1003, Protected);
        trace.Entry(0);
        Explained(trace);
        return trace;
    }
}
