using System.Globalization;
using MmuStress.Explorer;
using static MmuStress.Traces.Tests.Verdicts;

namespace MmuStress.Traces.Tests;

public sealed class StockEventTests
{
    private const string Mutator = "mut0-103";
    private const ulong Mapped = 0x2e62e67;
    private const ulong Protected = 0x2e62e65;

    [Fact]
    public void Faults_AndAnUnmapInBetween_AreExplained()
    {
        TraceSummary summary = Excerpt.OfStock().Read();
        Assert.Equal((TraceVerdict.Explained, null, null), (summary.Verdict, summary.First, summary.FirstUndecided));
        Assert.Equal((4, 1, 0), (summary.Total.Faults, summary.Total.Retries, summary.EpisodesSearched));
    }

    [Fact]
    public void Zap_LeftOut_IsRefusedWhereItsThreadGoesOn()
    {
        Excerpt trace = Excerpt.OfStock();
        trace.Remove(trace.Find("old_spte 2e62e67 new_spte 0", 1));
        Refused(trace, trace.Find("op=2 end"), "gfn 1004: the SPTE 2e62e67 is left over from the invalidation of line");
    }

    [Fact]
    public void Refusal_IsDrawnWithTheTracesLines()
    {
        Excerpt trace = Excerpt.OfStock();
        trace.Remove(trace.Find("old_spte 2e62e67 new_spte 0", 1));
        string drawn = RaceDiagram.Draw(trace.Read().First!.Recording!);
        Assert.Contains($"{trace.Find("kvm_unmap_hva_range")} kvm_unmap_hva_range", drawn, StringComparison.Ordinal);
        Assert.Contains($"{trace.Find("new_spte 0")}   spte gfn 1003 2e62e67 -> 0", drawn, StringComparison.Ordinal);
        Assert.Contains("[7f0000003000, 7f0000005000)", drawn, StringComparison.Ordinal);
        Assert.Contains($"{trace.Find("op=2 end")} goes on to something else", drawn, StringComparison.Ordinal);
        Assert.Contains("<- gfn 1004: the SPTE 2e62e67", drawn, StringComparison.Ordinal);
        Assert.DoesNotContain("op=1", drawn, StringComparison.Ordinal);
    }

    [Fact]
    public void Zap_ByTwo_IsRefused()
    {
        Excerpt trace = Excerpt.OfStock();
        int zap = trace.Find("old_spte 2e62e67 new_spte 0", 1);
        trace.Insert(zap, trace.Lines[zap - 1]);
        Refused(trace, zap + 1, "gfn 1004, level 1: the SPTE is 2e62e67, but those before make it 0");
    }

    [Fact]
    public void Zap_WithoutAnUnmap_IsRefused()
    {
        Excerpt trace = Excerpt.OfStock();
        trace.Remove(trace.Find("kvm_unmap_hva_range"));
        Refused(trace, trace.Find("new_spte 0"), "gfn 1003: the SPTE 2e62e67 is zapped outside of any invalidation");
    }

    [Fact]
    public void Zap_OutsideOfTheUnmap_IsRefused()
    {
        Excerpt trace = Excerpt.OfStock();
        int unmap = trace.Find("kvm_unmap_hva_range");
        Refused(trace.Change(unmap, "0x00007f0000005000", "0x00007f0000004000"), trace.Find("new_spte 0", 1), "gfn 1004: the SPTE 2e62e67 is zapped outside of its thread's invalidations");
    }

    [Fact]
    public void Install_LeftOut_IsRefused()
    {
        Excerpt trace = Excerpt.OfStock();
        trace.Remove(trace.Find("old_spte 0 new_spte 2e62e67", 1));
        Refused(trace, trace.Find("gfn 1004 spte 2e62e67") + 1, "gfn 1004, level 1: the SPTE is 2e62e67, but those before make it 0");
    }

    [Fact]
    public void Install_OfAnotherPage_IsRefused()
    {
        Excerpt trace = Excerpt.OfStock();
        int line = trace.Find("old_spte 0 new_spte 2e62e67");
        Refused(trace.Change(line, "new_spte 2e62e67", "new_spte 2e63e67"), line, "the SPTE 2e63e67 is not of the page that was requested, 2e62");
    }

    [Fact]
    public void Install_WithoutARequest_IsRefused()
    {
        Excerpt trace = Excerpt.OfStock();
        trace.Remove(trace.Find("kvm_mmu_spte_requested"));
        Refused(trace, trace.Find("old_spte 0 new_spte 2e62e67"), "gfn 1003: an SPTE is set, but the fault of line");
    }

    [Fact]
    public void Request_OfAnotherFrame_IsRefused()
    {
        Excerpt trace = Excerpt.OfStock();
        int line = trace.Find("kvm_mmu_spte_requested");
        Refused(trace.Change(line, "gfn 1003", "gfn 1005"), line, "gfn 1005: an SPTE is requested, but the fault of line");
    }

    [Fact]
    public void Leaf_ReplacedByOneOfAnotherPage_IsRefused()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.SpteChanged(Mutator, 0x1003, Mapped, 0x2e63e67);
        Refused(trace, trace.Find("new_spte 2e63e67"), "gfn 1003: a leaf is replaced by one of another page");
    }

    [Fact]
    public void Install_BetweenTheZapsOfItsInvalidation_IsRefused()
    {
        Excerpt trace = Excerpt.OfStock();
        int fault = trace.Find("kvm_page_fault: vcpu 1");
        foreach (string text in new[] { "kvm_mmu_set_spte: gfn 1003 spte 2e62e67 (rwxu) level 1 at 1218a018", "kvm_tdp_mmu_spte_changed: as id 0 gfn 1003 level 1 old_spte 0 new_spte 2e62e67", "kvm_mmu_spte_requested: gfn 1003 pfn 2e62 level 1" })
        {
            trace.Insert(fault, "           vcpu1-102     [001] ...1.     1.000020: " + text);
        }

        Refused(trace, fault + 1, "gfn 1003: an SPTE is requested while the invalidation of line");
    }

    [Fact]
    public void Install_BetweenTheZapsOfAnotherInvalidation_IsExplained()
    {
        Excerpt trace = Excerpt.OfStock();
        int fault = trace.Find("kvm_page_fault: vcpu 1");
        trace.Change(fault, "0x0000000001003000", "0x0000000001009000").Change(fault - 1, "0x0000000001003000", "0x0000000001009000");
        foreach (string text in new[] { "kvm_mmu_set_spte: gfn 1009 spte 2e62e67 (rwxu) level 1 at 1218a048", "kvm_tdp_mmu_spte_changed: as id 0 gfn 1009 level 1 old_spte 0 new_spte 2e62e67", "kvm_mmu_spte_requested: gfn 1009 pfn 2e62 level 1" })
        {
            trace.Insert(fault, "           vcpu1-102     [001] ...1.     1.000020: " + text);
        }

        Explained(trace);
    }

    [Fact]
    public void Retry_WithoutAnInvalidation_IsRefused()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.PageFault(1, 0x1004);
        trace.Entry(1);
        Refused(trace, trace.Find("kvm_entry: vcpu 1", 1), "gfn 1004: the fault is tried again, but nothing was invalidated");
    }

    [Fact]
    public void Retry_BesideAnInvalidationOfAnotherFrame_IsExplainedByItsEnd()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(1, 0x1004);
        trace.Unmap(Mutator, 0x7f0000008000, 0x7f0000009000);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        trace.Entry(1);
        Explained(trace);
    }

    [Fact]
    public void Retry_OfAReservedBit_NeedsNoInvalidation()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(1, 0x1004);
        trace.ChangeAll("0x100000006", "0x10000000e").ChangeAll("0x0000000100000006", "0x000000010000000e");
        trace.Entry(1);
        Explained(trace);
    }

    [Fact]
    public void Retry_ThatMetAnOldMmioEntry_IsARetry()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(1, 0x1004);
        trace.ChangeAll("0x100000006", "0x10000000e").ChangeAll("0x0000000100000006", "0x000000010000000e");
        trace.Add("vcpu1-102", ".....", "check_mmio_spte: spte 8000008000147 kvm_gen 2c spte-gen 28 valid 0");
        trace.Entry(1);
        TraceSummary summary = trace.Read();
        Assert.Equal((TraceVerdict.Explained, 1, 0), (summary.Verdict, summary.Total.Retries, summary.Unknown));
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(30, false)]
    public void Storm_OfRetries_IsExplainedAsLongAsTheInvalidationLasts(int retries, bool isWithin)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        for (int i = 0; i < retries; i++)
        {
            trace.PageFault(0, 0x1003);
            trace.PageFault(1, 0x1003);
            trace.Entry(0);
            trace.Entry(1);
        }

        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        if (!isWithin)
        {
            trace.PageFault(0, 0x1003);
            trace.Entry(0);
            Refused(trace, trace.Lines.Count, "gfn 1003: the fault is tried again");
            return;
        }

        Explained(trace);
    }

    [Fact]
    public void Fault_ThatInvalidatesItself_MustBeTriedAgain()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.Unmap("vcpu0-101", 0x7f0000003000, 0x7f0000004000);
        trace.Install(0, 0x1003);
        trace.Entry(0);
        Refused(trace, trace.Find("kvm_mmu_spte_requested"), "although the fault itself has invalidated");
    }

    [Fact]
    public void Fault_ThatInvalidatesItselfAndIsTriedAgain_IsExplained()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.Unmap("vcpu0-101", 0x7f0000003000, 0x7f0000004000);
        trace.Entry(0);
        trace.Fault(0, 0x1003);
        Explained(trace);
    }

    [Fact]
    public void Events_InAnotherOrderThanTheWrites_AreExplained()
    {
        Excerpt trace = OfInversion();
        TraceSummary summary = trace.Read();
        Assert.Equal((TraceVerdict.Explained, null), (summary.Verdict, summary.First));
    }

    [Fact]
    public void Events_ThatNoOrderOfWritesExplains_AreRefused()
    {
        // vcpu0 cannot have written before it asked.
        Excerpt trace = OfInversion();
        trace.Move(trace.Find("kvm_mmu_spte_requested"), trace.Find("old_spte 2e62e67 new_spte 2e62e27"));
        Refused(trace, trace.Find("old_spte 2e62e67 new_spte 2e62e27"), "gfn 1003, level 1: the SPTE is 2e62e67, but those before make it 0");
    }

    [Fact]
    public void Event_PrintedLongAfterItsWrite_IsExplained()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.Operation(Mutator, "op=2 begin set_user_memory_region slot=1 flags=1 gpa=[1000000,1400000) hva=7f0000000000");
        trace.PageFault(0, 0x1003);
        trace.FastFixed(0, 0x1003, Protected);
        trace.Entry(0);
        for (ulong gfn = 0x1010; gfn < 0x1030; gfn++)
        {
            trace.Fault(1, gfn);
        }

        trace.SpteChanged(Mutator, 0x1003, Mapped, Protected);
        trace.Operation(Mutator, "op=2 end set_user_memory_region rc=0 errno=0");
        Explained(trace);
        trace.Remove(trace.Find("new_spte 2e62e65"));
        Refused(trace, trace.Find("fast_page_fault"), "gfn 1003, level 1: the SPTE is 2e62e65, but those before make it 2e62e67");
    }

    [Fact]
    public void End_ThatMustComeBeforeALongSection_IsFound()
    {
        // The end of the unmap takes mmu_lock for write: before vcpu1 has it, as that prints its SPTE after the unmap is over.
        var trace = new Excerpt();
        trace.StartVm();
        trace.Unmap(Mutator, 0x7f0000008000, 0x7f0000009000);
        trace.PageFault(1, 0x1003);
        trace.Requested(1, 0x1003);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        trace.SpteChanged("vcpu1-102", 0x1003, 0, Mapped);
        trace.SetSpte(1, 0x1003, Mapped);
        trace.Entry(1);
        TraceSummary summary = trace.Read();
        Assert.Equal((TraceVerdict.Explained, 0), (summary.Verdict, summary.EpisodesSearched));
    }

    [Fact]
    public void Unmap_OfMoreInsideOneOfLess_MayBePartOfIt()
    {
        // MADV_DONTNEED of a page of a huge page: its splitting invalidates all of it, and ends first.
        var trace = new Excerpt();
        trace.StartVm();
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        trace.Unmap(Mutator, 0x7f0000000000, 0x7f0000200000);
        trace.PageFault(0, 0x1003);
        trace.Entry(0);
        trace.PageFault(0, 0x1003);
        trace.Entry(0);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        Explained(trace);
    }

    [Fact]
    public void Spte_OfAFastFault_ChangesWithoutAnEvent()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.SpteChanged(Mutator, 0x1003, Mapped, Protected);
        trace.PageFault(0, 0x1003);
        trace.FastFixed(0, 0x1003, Protected);
        trace.Entry(0);
        trace.SpteChanged(Mutator, 0x1003, Mapped, Protected);
        Explained(trace);
        trace.Remove(trace.Find("fast_page_fault"));
        Refused(trace, trace.Find("kvm_entry: vcpu 0", 2), "gfn 1003: the fault is tried again");
    }

    [Fact]
    public void Dirty_WhereNothingLetAWriteThrough_IsRefused()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.Requested(0, 0x1003);
        trace.SpteChanged("vcpu0-101", 0x1003, 0, 0x2e62825);
        trace.SetSpte(0, 0x1003, 0x2e62825);
        trace.Entry(0);
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        trace.SpteChanged(Mutator, 0x1003, 0x2e62825, 0);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        Explained(trace);
        int zap = trace.Find("old_spte 2e62825 new_spte 0");
        Refused(trace.Change(zap, "old_spte 2e62825", "old_spte 2e62865"), zap, "the SPTE 2e62865 is dirty, but 2e62825 before it lets no write through");
    }

    [Fact]
    public void Dirty_InANewEntryThatLetsNoWriteThrough_IsRefused()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.Requested(0, 0x1003);
        trace.SpteChanged("vcpu0-101", 0x1003, 0, 0x2e62865);
        Refused(trace, trace.Find("new_spte 2e62865"), "gfn 1003: the SPTE 2e62865 is dirty, but nothing could write there");
    }

    [Fact]
    public void Dirty_WhereHardwareMayHaveWritten_IsExplained()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.SpteChanged(Mutator, 0x1003, Mapped, 0x2e62e27);
        trace.SpteChanged(Mutator, 0x1003, Mapped, 0x2e62e27);
        Explained(trace);
    }

    [Theory]
    [InlineData("0600000002e62977", "0600000002e62b77", true)]
    [InlineData("0000000002e62975", "0000000002e62b75", false)]
    public void Dirty_OfEpt_IsAnotherBit(string installed, string zapped, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Add("vcpu0-101", "...1.", "kvm_tdp_mmu_spte_changed: as id 0 gfn 1000 level 2 old_spte 0 new_spte 13a38907");
        trace.Add("vcpu0-101", "...1.", $"kvm_tdp_mmu_spte_changed: as id 0 gfn 1003 level 1 old_spte 0 new_spte {installed}");
        trace.Add(Mutator, "...1.", $"kvm_tdp_mmu_spte_changed: as id 0 gfn 1003 level 1 old_spte {zapped} new_spte 0");
        Check(trace, isExplained, "is dirty, but 2e62975 before it lets no write through");
    }

    [Theory]
    [InlineData(0x8, true)]
    [InlineData(0x18, false)]
    public void DirtyLog_NamesPagesThatCouldBeWritten(int bitmap, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.Operation(Mutator, "op=2 begin get_dirty_log hva=[0,0)");
        trace.SpteChanged(Mutator, 0x1003, Mapped, Protected);
        trace.Operation(Mutator, string.Create(CultureInfo.InvariantCulture, $"op=2 note slot=1 dirty={int.PopCount(bitmap)} bitmap0={bitmap:x16}"));
        Check(trace, isExplained, "gfn 1004 is dirty in the log of slot 1, but no write was let through there since line 4");
    }

    [Fact]
    public void DirtyLog_TurnedOn_BeginsClean()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.SpteChanged(Mutator, 0x1003, Mapped, Protected);
        trace.Operation(Mutator, "op=2 begin set_user_memory_region slot=1 flags=1 gpa=[1000000,1400000) hva=7f0000000000");
        trace.Operation(Mutator, "op=2 end set_user_memory_region rc=0 errno=0");
        trace.Operation(Mutator, "op=3 begin get_dirty_log hva=[0,0)");
        trace.Operation(Mutator, "op=3 note slot=1 dirty=1 bitmap0=0000000000000008");
        Refused(trace, trace.Lines.Count, $"gfn 1003 is dirty in the log of slot 1, but no write was let through there since line {trace.Find("op=2 begin")}");
        trace.Change(trace.Lines.Count, "dirty=1 bitmap0=0000000000000008", "dirty=0 bitmap0=0000000000000000");
        Explained(trace);
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public void DirtyLog_ReadAgain_NamesOnlyPagesThatCouldBeWrittenSince(bool writes, bool clearsByHand, bool isExplained)
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.Operation(Mutator, "op=2 begin get_dirty_log hva=[0,0)");
        trace.SpteChanged(Mutator, 0x1003, Mapped, Protected);
        trace.Operation(Mutator, "op=2 note slot=1 dirty=1 bitmap0=0000000000000008");
        if (writes)
        {
            trace.PageFault(0, 0x1003);
            trace.FastFixed(0, 0x1003, Protected);
            trace.Entry(0);
        }

        // The first time, the page could be written until it was protected.
        trace.Operation(Mutator, "op=3 begin get_dirty_log hva=[0,0)");
        trace.Operation(Mutator, "op=3 note slot=1 dirty=1 bitmap0=0000000000000008");
        Explained(trace);
        trace.Operation(Mutator, "op=3 begin get_dirty_log hva=[0,0)");
        trace.Operation(Mutator, "op=3 note slot=1 dirty=1 bitmap0=0000000000000008");
        if (clearsByHand)
        {
            trace.Operation(Mutator, "op=4 begin clear_dirty_log hva=[0,0)");
        }

        Check(trace, isExplained, "gfn 1003 is dirty in the log of slot 1, but no write was let through there since line");
    }

    [Fact]
    public void HugePage_Split_LeavesEntriesThatNoEventShows()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Add("vcpu0-101", "...1.", "kvm_tdp_mmu_spte_changed: as id 0 gfn 1000 level 2 old_spte 0 new_spte bc00ee7");
        trace.Add(Mutator, "...1.", "kvm_tdp_mmu_spte_changed: as id 0 gfn 1000 level 2 old_spte bc00ee7 new_spte 7bb84827");
        trace.SpteChanged(Mutator, 0x1003, 0xbc03e67, 0xbc03e65);
        Explained(trace);
        int line = trace.Find("old_spte bc03e67");
        Refused(trace.Change(line, "old_spte bc03e67 new_spte bc03e65", "old_spte bc04e67 new_spte bc04e65"), line, "the SPTE is bc04e67, but those before make it bc03e67");
    }

    [Fact]
    public void Roots_OldAndNew_HaveEntriesOfTheSameFrame()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.Fault(0, 0x1003);
        trace.Fault(0, 0x1004);
        trace.Add(Mutator, "...1.", "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 0 used_pages 0");
        trace.Fault(1, 0x1003);
        trace.SpteChanged(Mutator, 0x1004, Mapped, 0x5a0);
        trace.SpteChanged(Mutator, 0x1003, Mapped, 0x5a0);
        trace.SpteChanged("vcpu1-102", 0x1003, Mapped, 0x2e62e27);
        Explained(trace);
        trace.Remove(trace.Find("kvm_mmu_zap_all_fast"));
        Refused(trace, trace.Find("kvm_mmu_spte_requested", 2) + 1, "gfn 1003, level 1: the SPTE is 0, but those before make it 2e62e67");
    }

    [Fact]
    public void Faults_OfMoreVcpusThanAnEpisodeHolds_AreExplained()
    {
        var trace = new Excerpt();
        trace.StartVm();
        int[] vcpus = [.. Enumerable.Range(0, 40)];
        Array.ForEach(vcpus, trace.Entry);
        Array.ForEach(vcpus, vcpu => trace.PageFault(vcpu, 0x1100 + (ulong)vcpu));
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        Array.ForEach(vcpus, vcpu => trace.Install(vcpu, 0x1100 + (ulong)vcpu));
        Array.ForEach(vcpus, trace.Entry);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        Explained(trace);
        trace.SpteChanged("vcpu7-108", 0x1107, 0, Mapped);
        Refused(trace, trace.Lines.Count, "gfn 1107, level 1: the SPTE is 0, but those before make it 2e62e67");
    }

    [Fact]
    public void Lost_Events_LeaveNothingToConclude()
    {
        Excerpt trace = Excerpt.OfStock();
        trace.Remove(trace.Find("old_spte 2e62e67 new_spte 0", 1));
        int line = trace.Find("kvm_unmap_hva_range");
        trace.Insert(line, "CPU:1 [LOST 3 EVENTS]");
        Explained(trace);
    }

    [Fact]
    public void Entries_FromBeforeTheTrace_AreTakenAsTheyAre()
    {
        Excerpt trace = Excerpt.OfStock();
        trace.Remove(trace.Find("kvm_apicv_inhibit_changed"));
        trace.Remove(trace.Find("kvm_update_master_clock"));
        int install = trace.Find("old_spte 0 new_spte 2e62e67");
        trace.Remove(install);
        Explained(trace);
    }

    [Fact]
    public void ShadowMmu_WithoutEventsOfSptes_IsExplained()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.Requested(0, 0x1003);
        trace.SetSpte(0, 0x1003, Mapped);
        trace.Entry(0);
        trace.Unmap(Mutator, 0x7f0000003000, 0x7f0000004000);
        trace.Operation(Mutator, "op=2 end madvise_dontneed rc=0 errno=0");
        trace.PageFault(0, 0x1003);
        trace.Requested(0, 0x1003);
        trace.SetSpte(0, 0x1003, Mapped);
        trace.Entry(0);
        Explained(trace);
    }

    [Fact]
    public void Probes_WithAnUnmapThatZapsNothing_AreRefusedToo()
    {
        Excerpt trace = Excerpt.OfProbes();
        trace.Remove(trace.Find("old_spte 2d7be67 new_spte 0"));
        Refused(trace, trace.Find("mn_end") + 1, "gfn 1004: the SPTE 2d7be67 is left over");
    }

    // vcpu1 replaces what vcpu0 has installed, and its event comes first.
    private static Excerpt OfInversion()
    {
        var trace = new Excerpt();
        trace.StartVm();
        trace.PageFault(0, 0x1003);
        trace.PageFault(1, 0x1003);
        trace.Requested(0, 0x1003);
        trace.Requested(1, 0x1003);
        trace.SpteChanged("vcpu1-102", 0x1003, Mapped, 0x2e62e27);
        trace.SpteChanged("vcpu0-101", 0x1003, 0, Mapped);
        trace.SetSpte(0, 0x1003, 0x2e62e27);
        trace.SetSpte(1, 0x1003, 0x2e62e27);
        trace.Entry(0);
        trace.Entry(1);
        return trace;
    }

    private static void Check(Excerpt trace, bool isExplained, string message)
    {
        if (isExplained)
        {
            Explained(trace);
        }
        else
        {
            Refused(trace, trace.Lines.Count, message);
        }
    }
}
