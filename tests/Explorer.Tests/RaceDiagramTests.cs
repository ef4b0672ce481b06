using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class RaceDiagramTests
{
    private static readonly LockClass Headline = new("mmu_lock", maySleep: false, isHeadline: true);

    private readonly List<TraceEvent> events = [];

    [Fact]
    public void Diagram_OfTwoActors_MatchesItsFile()
    {
        FaultVersusInvalidate();
        Recording recording = Of(["vCPU0", "notifier"], new Violation("NoStaleMapping", "gfn 1 is mapped to a freed page", "stale: pfn 7 is free"));
        string text = RaceDiagram.Draw(recording);

        Golden.Matches("two-actors.txt", text);
        AssertUnder80(text);
    }

    // What leads to it and its end are shown, and some rounds of what is new in nothing but numbers.
    [Fact]
    public void Diagram_OfALivelock_LeavesOutWhatRepeats()
    {
        Say(0, "kvm_map_page(gfn 1)");
        for (int i = 0; i < 50_000; i++)
        {
            Say(0, $"retry {i}");
            Say(1, "again");
        }

        Recording livelock = Of(["vcpu0", "vcpu1"], new Violation(MachineInvariants.NoLivelock, "both are still running"));
        string[] lines = RaceDiagram.Draw(livelock).Split('\n');
        Assert.InRange(lines.Length, 40, 50);
        Assert.Equal("  kvm_map_page(gfn 1)", lines[2]);
        Assert.Equal("  retry 0", lines[3]);
        Assert.Contains($"  ... {100_001 - 3 - 20 - 20} more lines of the same kind ...", lines);
        Assert.Contains("  retry 49999", lines);
        string full = RaceDiagram.Draw(livelock with { Violation = new Violation("NoStaleTlb", "it is stale") });
        Assert.InRange(full.Split('\n').Length, 100_001, 100_010);
    }

    // The consequence stands beside the last line where there is room to its right, else below it.
    [Fact]
    public void Diagram_EndedByTheLastActor_HasTheConsequenceBelow()
    {
        FaultVersusInvalidate();
        Say(1, "kvm_flush_remote_tlbs()");
        string text = RaceDiagram.Draw(Of(["vCPU0", "notifier"], new Violation("NoStaleMapping", "gfn 1 is mapped to a freed page")));

        Golden.Matches("two-actors-ended-by-the-second.txt", text);
        AssertUnder80(text);
    }

    [Fact]
    public void Diagram_WithLongLines_WrapsThemUnder80Columns()
    {
        const string Long = "kvm_mmu_notifier_invalidate_range_start([0x10000, 0x20000)) for every slot that overlaps it => 3 slots";
        Say(0, Long);
        Say(1, "  " + Long);
        Say(0, "short");
        Say(1, new string('x', 38)); // one more than there is room for, and no place to cut
        Say(1, "exactly thirty-seven columns of words");
        Say(0, Long);
        string text = RaceDiagram.Draw(Of(["vcpu0", "notifier"], new Violation("NoStaleMapping", "the range overlaps three slots, and one of them is not looked at")));

        Golden.Matches("long-lines.txt", text);
        Assert.Equal(2, text.Split('\n').Count(l => l.Length >= 80)); // a word has 40 columns, and is where there are 37 or fewer
    }

    [Fact]
    public void Diagram_WithALongConsequenceBelow_WrapsIt()
    {
        Say(0, "mutex_lock(slots_lock)");
        Say(1, "mutex_lock(irq_lock)");
        string text = RaceDiagram.Draw(Of(
            ["vcpu0", "notifier"],
            new Violation(
                MachineInvariants.NoDeadlock,
                "vcpu0 waits for irq_lock, held by notifier; notifier waits for slots_lock, held by vcpu0; vcpu2 waits for users to become 1 (it is 0)")));

        Golden.Matches("long-consequence.txt", text);
        AssertUnder80(text);
    }

    [Fact]
    public void Diagram_OfThreeActors_MatchesItsFile()
    {
        FaultVersusInvalidate();
        Step(2, "Lock mmu_lock[0]", 0, Headline);
        Say(2, "kvm_age_gfn(gfn 1)");
        Golden.Matches("three-actors.txt", RaceDiagram.Draw(Of(["vcpu0", "notifier", "kswapd"], new Violation("NoStaleMapping", "stale", "stale"))));
    }

    [Fact]
    public void Diagram_OfFourActors_MatchesItsFile()
    {
        FaultVersusInvalidate();
        Say(2, "kvm_age_gfn(gfn 1) => young");
        Say(3, "kvm_set_memory_region() deletes slot 0");
        Say(0, "vmexit");
        Golden.Matches("four-actors.txt", RaceDiagram.Draw(Of(["vcpu0", "notifier", "kswapd", "memslots"], new Violation("NoStaleMapping", "stale"))));
    }

    // The last line is vcpu0's, the violation vcpu1's: the consequence stands where the violator is.
    [Theory]
    [InlineData(0, "beside")]
    [InlineData(1, "below")]
    public void Diagram_WithAViolator_HasTheConsequenceInItsColumn(int violator, string where)
    {
        Say(1, "kvm_flush_remote_tlbs()");
        Say(0, "set_pte(gfn 1 -> pfn 7)");
        var violation = new Violation("NoStaleMapping", "gfn 1 is mapped to pfn 7, which the host has freed in the meantime");
        string text = RaceDiagram.Draw(Of(["vcpu0", "vcpu1"], violation, violator));

        Golden.Matches($"violator-{where}.txt", text);
        AssertUnder80(text);
    }

    // Only the locks that matter stand among logged lines, and only where several took them; in a deadlock all do.
    [Fact]
    public void Diagram_WithLocks_ShowsThoseThatMatter()
    {
        Assert.Equal([0, 0], Shown(Headline, 0, 0, "NoStaleMapping"));
        Assert.Equal([1, 1], Shown(Headline, 0, 1, "NoStaleMapping"));
        Assert.Equal([0, 0], Shown(LockClasses.SlotsLock, 0, 1, "NoStaleMapping"));
        Assert.Equal([1, 1], Shown(LockClasses.SlotsLock, 0, 1, MachineInvariants.NoDeadlock));

        int[] Shown(LockClass lockClass, int first, int second, string invariant)
        {
            events.Clear();
            Say(0, "kvm_map_page()");
            Say(1, "kvm_age_gfn()");
            Step(first, $"Lock {lockClass.Name}[0]", 0, lockClass);
            Step(second, $"Lock {lockClass.Name}[0]", 0, lockClass);
            string[] lines = RaceDiagram.Draw(Of(["vcpu0", "vcpu1"], new Violation(invariant, "stale"))).Split('\n');
            return
            [
                lines.Count(l => l.Length > 4 && l[4..].Contains("lock(", StringComparison.Ordinal) && l.IndexOf("lock", StringComparison.Ordinal) < 40),
                lines.Count(l => l.IndexOf("lock", StringComparison.Ordinal) >= 40),
            ];
        }
    }

    // Nobody logged anything: every step that touches a location is shown.
    [Fact]
    public void Diagram_WithoutLogs_ShowsEveryStep()
    {
        Step(0, "Start", 0);
        Step(0, "Lock mmu_lock[0]", 0, Headline);
        Step(0, "WriteOnce seq", 1);
        Step(1, "Start", 0);
        Step(1, "LoadAcquire seq", 1);
        Step(0, "Unlock mmu_lock[0]", 0);
        Step(1, "ReadLock mmap_lock[0]", 0);
        Step(1, "CmpXchg pte", 7);
        Step(1, "WaitUntilEqual ack", 1);
        Step(1, "ReadUnlock mmap_lock[0]", 0);
        Step(1, "CondResched", 0);
        string text = RaceDiagram.Draw(Of(["vcpu0", "vcpu1"], new Violation("NoStaleMapping", "stale")));

        Golden.Matches("no-logs.txt", text);
        AssertUnder80(text);
    }

    // Two plain accesses: nothing but Start is a step.
    [Fact]
    public void Diagram_WithoutAnyLocation_StillShowsWhoRanAndTheConsequence()
    {
        Step(0, "Start", 0);
        Step(1, "Start", 0);

        Golden.Matches("no-locations.txt", RaceDiagram.Draw(Of(["vcpu0", "vcpu1"], new Violation(MachineInvariants.NoDataRace, "vcpu1 writes pte", "data race"))));
    }

    [Fact]
    public void Diagram_ThatShowsAllSteps_HasThemAmongTheLogs()
    {
        Say(0, "kvm_map_page()");
        Step(0, "ReadOnce seq", 1);
        Step(1, "WriteOnce seq", 2);

        Golden.Matches("all-steps.txt", RaceDiagram.Draw(Of(["vcpu0", "notifier"], new Violation("NoStaleMapping", "stale")), allSteps: true));
    }

    [Fact]
    public void Diagram_OfARunThatHolds_HasNoConsequence()
    {
        FaultVersusInvalidate();

        Assert.DoesNotContain("<-", RaceDiagram.Draw(Of(["vcpu0", "notifier"], null)), StringComparison.Ordinal);
    }

    [Fact]
    public void Diagram_OfOneActor_UsesTheWholeWidth()
    {
        Say(0, string.Join(' ', Enumerable.Repeat("word", 40)));

        Golden.Matches("one-actor.txt", RaceDiagram.Draw(Of(["vcpu0"], new Violation("NoWords", "too many words"))));
    }

    // From the machine itself: shrunk, recorded, drawn.
    [Fact]
    public void Diagram_OfALostUpdate_MatchesItsFile()
    {
        TestProgram program = Programs.LostUpdate(isMended: false, bystanders: 1);
        Finding finding = Run.Violates(program, "NoLostUpdate");
        Finding shrunk = new Shrinker(program, new ExplorationOptions(), 1_000).Shrink(finding);

        Golden.Matches("lost-update.txt", RaceDiagram.Draw(Recorder.Record(program, shrunk, new ExplorationOptions())));
    }

    private static void AssertUnder80(string text) => Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 79));

    private void FaultVersusInvalidate()
    {
        Say(0, "kvm_map_page(gfn 1, read)");
        Say(0, "  seq = mmu_invalidate_seq      => 0");
        Say(0, "  gfn_to_pfn_prot()             => pfn 7");
        Say(0, "  mmu_invalidate_retry()        => no");
        Step(1, "Lock mmu_lock[0]", 0, Headline);
        Say(1, "invalidate_range_start([1, 2))");
        Step(1, "Unlock mmu_lock[0]", 0);
        Say(1, "host unmaps hva, frees pfn 7");
        Step(1, "ReadOnce mmu_invalidate_seq", 0);
        Say(1, "invalidate_range_end()  seq => 1");
        Step(0, "Lock mmu_lock[0]", 0, Headline);
        Say(0, "  set_pte(gfn 1 -> pfn 7)");
    }

    private void Say(int cpu, string text) => events.Add(new TraceEvent(events.Count, cpu, null, 0, "", 0, text));

    private void Step(int cpu, string operation, ulong value, LockClass? lockClass = null) =>
        events.Add(new TraceEvent(events.Count, cpu, operation, value, "", 0, null, lockClass));

    private Recording Of(string[] actors, Violation? violation, int violator = -1) => new(actors, events, violation, violator, [], events.Count, 1);
}
