using System.Globalization;
using System.Text;
using System.Threading;

namespace MmuStress.Traces.Tests;

/// <summary>Windows that are cut out of small traces: memslot 1 has the frames from 0x1000 on, with host memory from 7f0000000000 on.</summary>
public sealed class WindowTests
{
    private const ulong Memory = 0x7f0000000000;
    private const ulong Writable = 0x2d00e67;
    private const ulong Zeroes = 0x57b10825; // read-only, and so the host has it

    [Fact]
    public void Fault_WithAnUnmap_IsCutWithWhatWasMappedBefore()
    {
        Excerpt t = Start(0x1003, 0x1004);
        Overtake(t, 0x1003, 3, 5);
        CollectedWindow cut = Assert.Single(Cut(t).Windows);
        Equal(
            """
            fault-vs-unmap
            slot 0: gfn 1 pages 2 page 1
            mapped: gfn 1 pages 2 write
            vcpu0: write gfn 1
            mut0: unmap page 1 pages 2
            """,
            cut.Window);
        Assert.Equal((t.Find("kvm_unmap_hva_range"), t.Find("end madvise_dontneed"), 1), (cut.From, cut.To, cut.Count));
    }

    [Fact]
    public void Fault_TriedAgain_IsOneAccess()
    {
        Excerpt t = Start(0x1003, 0x1004);
        Invalidate(t, "mut0-103", "madvise_dontneed", 3, 5, 0x1003, 0x1004);
        for (int i = 0; i < 3; i++)
        {
            Fault(t, 0, 0x1003, write: true);
            t.Entry(0);
        }

        EndOf(t, "mut0-103", "madvise_dontneed");
        Fault(t, 0, 0x1003, write: true);
        Install(t, 0, 0x1003, Writable);
        t.Entry(0);
        CollectedWindow cut = Assert.Single(Cut(t).Windows);
        Assert.Equal("vcpu0: write gfn 1", cut.Window.ToString().Split('\n')[3]);
        Assert.Equal(t.Lines.Count, cut.To);
    }

    [Fact]
    public void Windows_OfTheSame_AreOneWithTheirNumber()
    {
        Excerpt t = Start(0x1003, 0x1004, 0x1007, 0x1008, 0x1009);
        Overtake(t, 0x1003, 3, 5);
        int second = t.Lines.Count;
        Overtake(t, 0x1007, 7, 10, vcpu: 1, mutator: "mut1-104"); // other pages, one more behind, by others
        CollectedWindow cut = Assert.Single(Cut(t).Windows);
        Assert.Equal(2, cut.Count);
        Assert.True(cut.To <= second);
    }

    [Fact]
    public void Windows_WithTheAccessElsewhereInTheRange_Differ()
    {
        Excerpt t = Start(0x1003, 0x1004, 0x1007, 0x1008, 0x1009, 0x100a);
        Overtake(t, 0x1004, 3, 5);
        Overtake(t, 0x1008, 7, 10);
        Overtake(t, 0x100a, 10, 11);
        Assert.Equal(
            ["vcpu0: write gfn 2; mut0: unmap page 1 pages 2", "vcpu0: write gfn 2; mut0: unmap page 1 pages 3", "vcpu0: write gfn 1; mut0: unmap page 1 pages 1"],
            Cut(t).Windows.Select(Acts));
    }

    [Fact]
    public void Windows_WithAnotherMapping_Differ()
    {
        Excerpt t = Start(0x1003, 0x1004);
        Overtake(t, 0x1003, 3, 4);
        Install(t, 0, 0x1003, Zeroes);
        Overtake(t, 0x1003, 3, 4);
        Overtake(t, 0x1003, 3, 4);
        IReadOnlyList<CollectedWindow> cut = Cut(t).Windows;
        Assert.Equal(3, cut.Count);
        Assert.Contains("mapped: gfn 1 pages 1 write\n", cut[0].Window.ToString(), StringComparison.Ordinal);
        Assert.Contains("untouched: page 1\nmapped: gfn 1 pages 1\n", cut[1].Window.ToString(), StringComparison.Ordinal);
        Assert.Contains("untouched: page 1\nvcpu0", cut[2].Window.ToString(), StringComparison.Ordinal); // given back, and not touched since
    }

    [Fact]
    public void Fault_OfAnotherPage_IsNotInTheWindow()
    {
        Excerpt t = Start(0x1003, 0x1004);
        Overtake(t, 0x1006, 3, 5);
        Assert.Empty(Cut(t).Windows);
    }

    [Fact]
    public void Fault_AfterTheEnd_IsNotInTheWindow()
    {
        Excerpt t = Start(0x1003);
        Invalidate(t, "mut0-103", "madvise_dontneed", 3, 5, 0x1003);
        EndOf(t, "mut0-103", "madvise_dontneed");
        Fault(t, 0, 0x1003, write: true);
        Install(t, 0, 0x1003, Writable);
        t.Entry(0);
        Assert.Empty(Cut(t).Windows);
    }

    [Fact]
    public void Fault_ThatBreaksCopyOnWrite_IsAWriteAndNoOtherActor()
    {
        Excerpt t = Start();
        Install(t, 0, 0x1003, Zeroes);
        t.Entry(0);
        Fault(t, 0, 0x1003, write: true);
        Fault(t, 1, 0x1003, write: false);
        Unmap(t, "vcpu0-101", 3, 4);
        t.SpteChanged("vcpu0-101", 0x1003, Zeroes, 0);
        t.Add("vcpu0-101", "...1.", "kvm_set_spte_hva: mmu notifier set pte hva: 0x007f0000003000");
        t.Entry(0);
        t.Entry(1);
        Fault(t, 1, 0x1003, write: false);
        Fault(t, 0, 0x1003, write: true);
        Install(t, 0, 0x1003, Writable);
        t.Entry(0);
        t.Entry(1);
        Equal(
            """
            fault-vs-cow
            slot 0: gfn 1 pages 1 page 1
            untouched: page 1
            mapped: gfn 1 pages 1
            vcpu0: faultRead gfn 1
            vcpu1: faultWrite gfn 1
            """,
            Assert.Single(Cut(t).Windows).Window);
    }

    [Fact]
    public void Invalidations_ThatOverlap_KeepHowTheyReachBeyondEachOther()
    {
        WindowCollection windows = Cut(Excerpt.OfProbes()); // of pages [3, 5) and [1, 4), with a fault of page 3
        Equal(
            """
            unmap-vs-unmap
            slot 0: gfn 1 pages 3 page 1
            mapped: gfn 3 pages 1 write
            vcpu0: faultWrite gfn 2
            mut0: unmap page 1 pages 2
            mut1: unmap page 2 pages 2
            """,
            windows.Windows[0].Window);
    }

    [Theory]
    [InlineData("madvise_dontneed", "fault-vs-unmap", "unmap page 1 pages 1")]
    [InlineData("munmap", "fault-vs-munmap", "munmap page 1 pages 1")]
    [InlineData("mprotect_ro", "fault-vs-protect", "protect page 1 pages 1")]
    [InlineData("mprotect_none", "fault-vs-protect", "protectNone page 1 pages 1")]
    [InlineData("mremap_away", "fault-vs-mremap", "mremap page 1 pages 1 to 2")]
    [InlineData("fork", "fault-vs-fork", "fork page 1 pages 1")]
    [InlineData("host_write", "fault-vs-host-write", "write page 1")]
    [InlineData("compact_memory", "fault-vs-migrate", "migrate page 1")]
    [InlineData("punch_hole", "fault-vs-punch-hole shared", "unmap page 1 pages 1")]
    [InlineData("madvise_collapse", "fault-vs-collapse", "collapse page 1 pages 2")]
    [InlineData("something_else", "fault-vs-unmap", "unmap page 1 pages 1")]
    public void Invalidation_IsWhatTheMarkerSays(string marker, string kind, string operation)
    {
        Excerpt t = Start(0x1003);
        Overtake(t, 0x1003, 3, 4, marker: marker);
        string text = Assert.Single(Cut(t).Windows).Window.ToString();
        Assert.StartsWith(kind + "\n", text, StringComparison.Ordinal);
        Assert.Contains($"mut0: {operation}\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "munmap page 1 pages 1")]
    [InlineData(1, "unmap page 1 pages 1")]
    [InlineData(2, "protect page 1 pages 1")]
    [InlineData(3, "fork page 1 pages 1")]
    [InlineData(6, "migrate page 1")]
    public void Invalidation_WithoutAMarker_IsWhatTheProbeSays(int notifierEvent, string operation)
    {
        Excerpt t = Start(0x1003);
        t.Begin("mut0-103", Memory + 0x3000, Memory + 0x4000, seq: 0, inProgress: 0);
        t.Change(t.Find("mn_start"), "event=1", $"event={notifierEvent}");
        t.SpteChanged("mut0-103", 0x1003, Writable, 0);
        Fault(t, 0, 0x1003, write: true);
        t.Entry(0);
        t.End("mut0-103", Memory + 0x3000, Memory + 0x4000, seq: 0, inProgress: 1);
        Assert.Contains($"mut0: {operation}\n", Assert.Single(Cut(t).Windows).Window.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Unprotect_ComesAfterWhatTookTheRightsAway()
    {
        Excerpt t = Start(0x1003);
        Invalidate(t, "mut0-103", "mprotect_none", 3, 4, 0x1003);
        EndOf(t, "mut0-103", "mprotect_none");
        Overtake(t, 0x1003, 3, 4, marker: "mprotect_rw");
        Assert.Equal("vcpu0: faultWrite gfn 1; mut0: protectNone page 1 pages 1; unprotect page 1 pages 1", Acts(Assert.Single(Cut(t).Windows)));
    }

    [Fact]
    public void Ksm_InvalidatesAPageTwice_AndMergesItOnce()
    {
        Excerpt t = Start(0x1003);
        for (int i = 0; i < 2; i++)
        {
            Unmap(t, "ksmd-45", 3, 4);
            t.SpteChanged("ksmd-45", 0x1003, i == 0 ? Writable : 0, 0);
            t.Add("ksmd-45", "...1.", "kvm_set_spte_hva: mmu notifier set pte hva: 0x007f0000003000");
        }

        Fault(t, 0, 0x1003, write: true);
        t.Entry(0);
        Unmap(t, "ksmd-45", 6, 7);
        Assert.Equal("vcpu0: faultWrite gfn 1; mut0: merge page 1 with 2", Acts(Assert.Single(Cut(t).Windows)));
    }

    [Fact]
    public void Memslot_DeletedAndCreated_IsTheManagersAct()
    {
        Excerpt t = Start(0x1003);
        Slot(t, 7, "slot=1 flags=0 gpa=[1000000,1000000) hva=7f0000000000");
        Fault(t, 0, 0x1003, write: true);
        t.Entry(0);
        EndOf(t, "mut0-103", "set_user_memory_region");
        Slot(t, 8, "slot=1 flags=0 gpa=[1000000,1400000) hva=7f0000000000");
        Fault(t, 0, 0x1003, write: true);
        Install(t, 0, 0x1003, Writable);
        t.Entry(0);
        EndOf(t, "mut0-103", "set_user_memory_region");
        Assert.Equal(
            [
                "vcpu0: write gfn 1; main: deleteSlot slot 0",
                "vcpu0: faultWrite gfn 1; main: deleteSlot slot 0; createSlot slot 0 gfn 1 page 1 pages 1",
            ],
            Cut(t).Windows.Select(Acts).Order(StringComparer.Ordinal).Reverse());
    }

    [Fact]
    public void Memslot_Moved_IsFaultedOnInBothPlaces()
    {
        Excerpt t = Start(0x1003);
        Slot(t, 7, "slot=1 flags=0 gpa=[9000000,9400000) hva=7f0000000000");
        Fault(t, 0, 0x1003, write: false);
        Fault(t, 1, 0x9003, write: false);
        t.Entry(0);
        t.Entry(1);
        EndOf(t, "mut0-103", "set_user_memory_region");
        WindowCollection windows = Cut(t);
        Assert.Equal(["vcpu0: faultRead gfn 1; main: moveSlot slot 0 gfn 2", "vcpu0: faultRead gfn 2; main: moveSlot slot 0 gfn 2"], SplitByAccess(windows));

        static IEnumerable<string> SplitByAccess(WindowCollection all) => all.Windows.Select(w => Acts(w).Replace(": read", ": faultRead", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Write_WithAHarvest_IsOfTheSlotThatTheNoteNames()
    {
        Excerpt t = Start();
        Slot(t, 7, "slot=1 flags=1 gpa=[1000000,1400000) hva=7f0000000000");
        EndOf(t, "mut0-103", "set_user_memory_region");
        Slot(t, 8, "slot=2 flags=1 gpa=[8000000,8020000) hva=7e0000000000");
        EndOf(t, "mut0-103", "set_user_memory_region");
        Install(t, 0, 0x1003, 0x2d00e65);
        t.Entry(0);
        t.Add("mut0-103", ".....", "tracing_mark_write: op=9 begin get_dirty_log hva=[0,0)");
        Fault(t, 0, 0x1003, write: true);
        t.Add("vcpu0-101", ".....", "fast_page_fault: vcpu 0 gva 1003000 error_code P|W|U sptep 000000000000aaaa old 0x2d00e65 new 2d00e67 spurious 0 fixed 1");
        t.Entry(0);
        Fault(t, 1, 0x8000, write: true);
        t.Entry(1);
        t.Add("mut0-103", ".....", "tracing_mark_write: op=9 note slot=1 dirty=1 bitmap0=0000000000000001");
        EndOf(t, "mut0-103", "get_dirty_log");
        Equal(
            """
            write-vs-harvest
            slot 0: gfn 1 pages 1 page 1 logDirtyPages
            mapped: gfn 1 pages 1
            vcpu0: write gfn 1
            log: getDirtyLog slot 0
            """,
            Assert.Single(Cut(t).Windows).Window);
    }

    [Fact]
    public void FastPath_LeavesTheFrameWritable()
    {
        Excerpt t = Start();
        Install(t, 0, 0x1003, 0x2d00e65);
        t.Entry(0);
        Fault(t, 0, 0x1003, write: true);
        t.Add("vcpu0-101", ".....", "fast_page_fault: vcpu 0 gva 1003000 error_code P|W|U sptep 000000000000aaaa old 0x2d00e65 new 2d00e67 spurious 0 fixed 1");
        t.Entry(0);
        Overtake(t, 0x1003, 3, 4);
        Assert.Contains("mapped: gfn 1 pages 1 write\n", Assert.Single(Cut(t).Windows).Window.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_WithoutMarkers_TellsPagesByWhatIsZapped()
    {
        Excerpt t = Start(0x1003, 0x1004);
        Overtake(t, 0x1003, 3, 5);
        string[] lines = [.. t.Lines.Where(l => !l.Contains("tracing_mark_write", StringComparison.Ordinal))];
        Equal(
            """
            fault-vs-unmap
            slot 0: gfn 1 pages 2 page 1
            mapped: gfn 1 pages 2 write
            vcpu0: write gfn 1
            mut0: unmap page 1 pages 2
            """,
            Assert.Single(Cut(string.Concat(lines.Select(l => l + "\n"))).Windows).Window);
    }

    [Fact]
    public void Trace_WithoutMarkers_SaysThatChangesOfMemslotsAreLeftOut()
    {
        Excerpt t = Start(0x1003);
        Fault(t, 0, 0x1003, write: true);
        t.Add("mut0-103", "...1.", "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 0 used_pages 0");
        t.Entry(0);
        WindowCollection windows = Cut(t);
        Assert.Empty(windows.Windows);
        Assert.Equal(1, windows.LeftOut["a change of a memslot that no marker names"]);
    }

    [Fact]
    public void Roots_MadeObsolete_MapNothingAnyMore()
    {
        Excerpt t = Start(0x1003);
        Slot(t, 7, "slot=2 flags=0 gpa=[8000000,8020000) hva=7e0000000000");
        EndOf(t, "mut0-103", "set_user_memory_region");
        Slot(t, 8, "slot=2 flags=0 gpa=[8000000,8000000) hva=7e0000000000");
        t.Add("mut0-103", "...1.", "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 0 used_pages 0");
        Install(t, 1, 0x1004, Writable); // in the new root
        t.Entry(1);
        t.SpteChanged("mut0-103", 0x1003, Writable, 0x5a0);
        t.SpteChanged("mut0-103", 0x1004, Writable, 0x5a0); // of the old one
        EndOf(t, "mut0-103", "set_user_memory_region");
        Invalidate(t, "mut0-103", "madvise_dontneed", 3, 5, 0x1004);
        Fault(t, 0, 0x1003, write: true);
        t.Entry(0);
        EndOf(t, "mut0-103", "madvise_dontneed");
        Assert.Contains("pages 2 page 1\nmapped: gfn 2 pages 1 write\nvcpu0", Assert.Single(Cut(t).Windows).Window.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Window_BeginningTooLongAgo_IsLeftOut()
    {
        Excerpt t = Start(0x1003);
        Invalidate(t, "mut0-103", "madvise_dontneed", 3, 4, 0x1003);
        Fault(t, 0, 0x1003, write: true);
        t.Entry(0);
        for (int i = 0; i < 5000; i++)
        {
            t.SpteChanged("vcpu1-102", 0x1100, i % 2 == 0 ? 0 : Writable, i % 2 == 0 ? Writable : 0);
        }

        EndOf(t, "mut0-103", "madvise_dontneed");
        WindowCollection windows = Cut(t);
        Assert.Empty(windows.Windows);
        Assert.Equal(1, windows.LeftOut["what was mapped when it began is not known any more"]);
    }

    [Fact]
    public void History_OfMoreFramesThanItFollows_SaysNothingOfTheRest()
    {
        var history = new SpteHistory(mostFollowed: 2);
        var thread = new ThreadState { Pid = 1, Comm = "vcpu0" };
        for (ulong gfn = 1; gfn <= 3; gfn++)
        {
            history.Changed(thread, new TraceRecord { Line = (long)gfn, A = gfn, C = Writable, D = 1 }, isDropped: false);
        }

        Assert.Equal(PageState.Mapped | PageState.Writable, history.Before(2, 10));
        Assert.Equal(PageState.None, history.Before(2, 2));
        Assert.Null(history.Before(3, 10));
    }

    [Fact]
    public void Fault_ThatIsNotRepeated_IsOverAfterSomeEntries()
    {
        Excerpt t = Start(0x1003, 0x1004);
        Invalidate(t, "mut0-103", "madvise_dontneed", 3, 5, 0x1003, 0x1004);
        Fault(t, 0, 0x1003, write: true);
        t.Entry(0);
        EndOf(t, "mut0-103", "madvise_dontneed");
        Install(t, 1, 0x1003, Writable); // another vCPU maps the page
        for (int i = 0; i < 8; i++)
        {
            t.Entry(0);
        }

        Invalidate(t, "mut0-103", "madvise_dontneed", 3, 5, 0x1003);
        EndOf(t, "mut0-103", "madvise_dontneed");
        Assert.Equal(1, Assert.Single(Cut(t).Windows).Count);
    }

    [Fact]
    public void LostEvents_CutNoWindowAcross()
    {
        Excerpt t = Start(0x1003);
        Overtake(t, 0x1003, 3, 4);
        t.Insert(t.Find("kvm_page_fault", 1) - 1, "CPU:1 [LOST 7 EVENTS]");
        Assert.Empty(Cut(t).Windows);
    }

    [Fact]
    public void Collection_IsBounded()
    {
        Excerpt t = Start(0x1003, 0x1004);
        Overtake(t, 0x1003, 3, 5);
        Overtake(t, 0x1003, 3, 5); // nothing is mapped by now
        Overtake(t, 0x1003, 3, 5);
        var windows = new WindowCollection(mostKept: 1);
        Read(t, windows);
        Assert.Equal(1, Assert.Single(windows.Windows).Count);
        Assert.Equal(2, windows.LeftOut["beyond the first 1 different ones"]);
    }

    [Fact]
    public void Collection_OfSeveralTraces_KnowsInWhichAWindowCameFirst()
    {
        Excerpt first = Start(0x1003);
        Overtake(first, 0x1003, 3, 4);
        Excerpt second = Start(0x1003, 0x1004);
        Overtake(second, 0x1003, 3, 4);
        Overtake(second, 0x1004, 3, 5);
        var windows = new WindowCollection();
        Read(first, windows);
        Read(second, windows);
        Assert.Equal([(0, 2L), (1, 1L)], windows.Windows.Select(w => (w.Trace, w.Count)));
    }

    [Fact]
    public void Reading_WithWindows_CountsTheSame()
    {
        TraceSummary without = Excerpt.OfProbes().Read();
        TraceSummary with = Read(Excerpt.OfProbes(), new WindowCollection());
        Assert.Equal((without.Total.Faults, without.Total.Retries, without.Verdict), (with.Total.Faults, with.Total.Retries, with.Verdict));
    }

    // Two vCPUs, memslot 1, and frames that are mapped for writes.
    private static Excerpt Start(params ulong[] mapped)
    {
        var t = new Excerpt();
        t.Add("main-100", "d..1.", "kvm_update_master_clock: masterclock 0 hostclock tsc offsetmatched 0");
        t.Slot(1);
        t.Entry(0);
        t.Entry(1);
        foreach (ulong gfn in mapped)
        {
            Install(t, 0, gfn, Writable);
        }

        t.Entry(0);
        return t;
    }

    // A host thread invalidates pages [from, to), a vCPU faults meanwhile, is sent back, and faults again when it is over.
    private static void Overtake(Excerpt t, ulong gfn, ulong from, ulong to, int vcpu = 0, string mutator = "mut0-103", string marker = "madvise_dontneed")
    {
        ulong[] zapped = [.. Enumerable.Range((int)from, (int)(to - from)).Select(p => 0x1000 + (ulong)p)];
        Invalidate(t, mutator, marker, from, to, zapped);
        Fault(t, vcpu, gfn, write: true);
        t.Entry(vcpu);
        Fault(t, vcpu, gfn, write: true);
        t.Add($"vcpu{vcpu}-{101 + vcpu}", "...1.", $"kvm_mmu_spte_requested: gfn {gfn:x} pfn 2e62 level 1");
        t.Add($"vcpu{vcpu}-{101 + vcpu}", "...1.", $"kvm_mmu_set_spte: gfn {gfn:x} spte 2e62e67 (rwxu) level 1 at 1218a008");
        t.Entry(vcpu);
        EndOf(t, mutator, marker);
    }

    private static void Invalidate(Excerpt t, string task, string marker, ulong from, ulong to, params ulong[] zapped)
    {
        t.Add(task, ".....", $"tracing_mark_write: op=6 begin {marker} hva=[{Memory + (from << 12):x},{Memory + (to << 12):x})");
        Unmap(t, task, from, to);
        foreach (ulong gfn in zapped)
        {
            t.SpteChanged(task, gfn, Writable, 0);
        }
    }

    private static void Unmap(Excerpt t, string task, ulong from, ulong to) =>
        t.Add(task, ".....", $"kvm_unmap_hva_range: mmu notifier unmap range: 0x{Memory + (from << 12):x16} -- 0x{Memory + (to << 12):x16}");

    private static void EndOf(Excerpt t, string task, string marker) => t.Add(task, ".....", $"tracing_mark_write: op=6 end {marker} rc=0 errno=0");

    private static void Slot(Excerpt t, int operation, string slot) =>
        t.Add("mut0-103", ".....", string.Create(CultureInfo.InvariantCulture, $"tracing_mark_write: op={operation} begin set_user_memory_region {slot}"));

    private static void Fault(Excerpt t, int vcpu, ulong gfn, bool write) =>
        t.Add($"vcpu{vcpu}-{101 + vcpu}", ".....", $"kvm_page_fault: vcpu {vcpu} rip 0x1000 address 0x{gfn << 12:x16} error_code 0x10000000{(write ? 6 : 4)}");

    private static void Install(Excerpt t, int vcpu, ulong gfn, ulong spte)
    {
        t.Add($"vcpu{vcpu}-{101 + vcpu}", "...1.", $"kvm_mmu_spte_requested: gfn {gfn:x} pfn 2e62 level 1");
        t.SpteChanged($"vcpu{vcpu}-{101 + vcpu}", gfn, 0, spte);
        t.Add($"vcpu{vcpu}-{101 + vcpu}", "...1.", $"kvm_mmu_set_spte: gfn {gfn:x} spte {spte:x} (rwxu) level 1 at 1218a008");
    }

    private static WindowCollection Cut(Excerpt t) => Cut(string.Concat(t.Lines.Select(l => l + "\n")));

    private static WindowCollection Cut(string text)
    {
        var windows = new WindowCollection();
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(text));
        new TraceReader(windows).Read(stream, CancellationToken.None);
        return windows;
    }

    private static TraceSummary Read(Excerpt t, WindowCollection windows)
    {
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(string.Concat(t.Lines.Select(l => l + "\n"))));
        return new TraceReader(windows).Read(stream, CancellationToken.None);
    }

    private static string Acts(CollectedWindow cut) => string.Join("; ", cut.Window.ToString().Split('\n').Where(l => l.Length > 0 && cut.Window.Actors.Any(a => l.StartsWith(a.Name + ":", StringComparison.Ordinal))));

    private static void Equal(string expected, Window window) => Assert.Equal(expected.ReplaceLineEndings("\n") + "\n", window.ToString());
}
