using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Scenarios.Tests;

/// <summary>What leaving an operation out shows: the verdict, and whether it is final.</summary>
public sealed class MutationTrialTests
{
    private const string ThisFile = "tests/Scenarios.Tests/MutationTrialTests.cs";

    // Sampling finds next to nothing, so that the search must.
    private static readonly MutationLimits SearchOnly = new() { FirstSamples = 1, Time = TimeSpan.FromMinutes(2), Samples = 1 };

    // The read barrier pairs with the write barrier; with the host's lock on both sides it is not needed.
    [Theory]
    [InlineData("peer-protocol-rel", "sc", "smp_rmb()", MutationVerdict.NotDetectable)]
    [InlineData("peer-protocol-rel", "tso", "smp_rmb()", MutationVerdict.NotDetectable)]
    [InlineData("peer-protocol-rel", "lkmm", "smp_rmb()", MutationVerdict.Necessary)]
    [InlineData("peer-protocol-rel", "lkmm", "smp_wmb()", MutationVerdict.Necessary)]
    [InlineData("peer-protocol-ptl", "lkmm", "smp_rmb()", MutationVerdict.NotNeededInScope)]
    [InlineData("peer-protocol-ptl", "sc", "READ_ONCE(mmu_invalidate_in_progress)", MutationVerdict.Necessary)]
    [InlineData("peer-protocol-ptl", "tso", "READ_ONCE(mmu_invalidate_in_progress)", MutationVerdict.Necessary)]
    [InlineData("peer-protocol-ptl", "lkmm", "READ_ONCE(mmu_invalidate_in_progress)", MutationVerdict.Necessary)]
    [InlineData("peer-protocol-ptl", "sc", "WRITE_ONCE(freed)", MutationVerdict.NotNeededInScope)]
    [InlineData("peer-protocol-ptl", "tso", "WRITE_ONCE(freed)", MutationVerdict.NotNeededInScope)]
    [InlineData("peer-protocol-ptl", "lkmm", "WRITE_ONCE(freed)", MutationVerdict.NotNeededInScope)]
    public void Peer_OperationLeftOut_IsDecidedBySearch(string scenario, string memory, string operation, MutationVerdict verdict)
    {
        ScenarioRun run = New(scenario, "", memory);
        MutationOutcome outcome = MutationTrial.Run(run, Site(run, operation), SearchOnly);
        Assert.Equal((verdict, true), (outcome.Verdict, outcome.IsComplete));
        Assert.Equal(verdict == MutationVerdict.Necessary, outcome.Finding is not null);
    }

    // On the real MMU a checker looks while CPUs run, so that interleavings are searched, not execution graphs alone.
    [Theory]
    [InlineData("", MutationVerdict.NotNeededInScope)]
    [InlineData("page_table_lock", MutationVerdict.Necessary)]
    public void Barrier_OfAFault_IsNeededWhereNoLockOrdersTheLookup(string without, MutationVerdict verdict)
    {
        ScenarioRun run = New("fault-vs-invalidate", "loongarch", "lkmm", new ScenarioParameters { Vcpus = 1, Without = without });
        MutationOutcome outcome = MutationTrial.Run(run, Site(run, "smp_rmb()"), SearchOnly);
        Assert.Equal((verdict, true), (outcome.Verdict, outcome.IsComplete));
        if (outcome.Finding is { } finding)
        {
            (Schedule schedule, Recording recording) = outcome.Run.Record(finding, new ExplorationOptions(), finding.Steps);
            Assert.Equal("NoStaleMapping", recording.Violation?.Invariant);
            Assert.Contains(schedule.Events, e => e.Contains("host_pte", StringComparison.Ordinal) && e.Contains("(old", StringComparison.Ordinal));
        }
    }

    // A search that ends early says nothing about all executions.
    [Theory]
    [InlineData("sc")]
    [InlineData("tso")]
    [InlineData("lkmm")]
    public void Search_CutShort_IsNotComplete(string memory)
    {
        ScenarioRun run = New("peer-protocol-ptl", "", memory);
        MutationLimits few = SearchOnly with { Executions = 3, Samples = 7 };
        MutationOutcome outcome = MutationTrial.Run(run, Site(run, "WRITE_ONCE(freed)"), few);
        Assert.Equal((MutationVerdict.NotNeededInScope, false), (outcome.Verdict, outcome.IsComplete));
        Assert.Equal(1 + 3 + 7, outcome.Executions);
    }

    // Where a search is cut short, sampling goes on.
    [Fact]
    public void Sampling_AfterASearch_FindsWhatItMissed()
    {
        ScenarioRun run = New("peer-protocol-ptl", "", "lkmm");
        MutationLimits few = SearchOnly with { Executions = 1, Samples = 20_000 };
        MutationOutcome outcome = MutationTrial.Run(run, Site(run, "READ_ONCE(mmu_invalidate_in_progress)"), few);
        Assert.Equal((MutationVerdict.Necessary, true), (outcome.Verdict, outcome.IsComplete));
    }

    // Without the lock the writes race; the race itself is the evidence only where nothing follows from it.
    [Theory]
    [InlineData(true, "NoLostUpdate", new[] { "NoDataRace", "NoKernelWarning" })]
    [InlineData(false, "NoDataRace", new string[0])]
    public void DataRace_WithoutALock_IsSetAsideWhileItLeadsToMore(bool adds, string invariant, string[] ignored)
    {
        ScenarioRun run = new(new LockedScenario(adds), new ScenarioParameters(), "");
        foreach (MutationLimits limits in new[] { SearchOnly, new MutationLimits() })
        {
            MutationOutcome outcome = MutationTrial.Run(run, LockedScenario.Lock, limits);
            Assert.Equal((MutationVerdict.Necessary, true, invariant), (outcome.Verdict, outcome.IsComplete, outcome.Finding?.Violation.Invariant));
            Assert.Equal(ignored, outcome.Run.Mutation!.Ignored);
        }
    }

    [Theory]
    [InlineData("peer-protocol-buggy", "sc", "NoStaleMapping")]
    [InlineData("peer-protocol", "lkmm", "NoStaleMapping")]
    [InlineData("peer-protocol", "sc", null)]
    [InlineData("peer-protocol-ptl", "lkmm", null)]
    public void Sites_OfAScenario_AreLookedForWhereItHolds(string scenario, string memory, string? invariant)
    {
        (IReadOnlyList<Mutation> sites, Violation? violation) = MutationTrial.SitesOf(New(scenario, "", memory), 1, withHost: false);
        Assert.Equal(invariant, violation?.Invariant);
        Assert.All(sites, s => Assert.Equal("Scenarios/Peers/PeerProtocol.cs", s.File));
    }

    // The MMU is under test; memory management and the scheduler count when asked for, page tables never.
    [Fact]
    public void Sites_OfAnMmu_AreKvmsOwn()
    {
        ScenarioRun run = New("vma-vs-fault", "loongarch-mended", "sc");
        IReadOnlyList<Mutation> own = MutationTrial.SitesOf(run, 50, withHost: false).Sites;
        IReadOnlyList<Mutation> all = MutationTrial.SitesOf(run, 50, withHost: true).Sites;
        Assert.NotEmpty(own);
        Assert.All(own, s => Assert.StartsWith("Mmu/", s.File, StringComparison.Ordinal));
        Assert.DoesNotContain(own, s => s.File.StartsWith("Mmu/Host/", StringComparison.Ordinal));
        Assert.Contains(all, s => s.File.StartsWith("Mmu/Host/", StringComparison.Ordinal) && s.Kind == MutationKind.Lock);
        Assert.Empty(own.Except(all));
        Assert.DoesNotContain(all, s => s.Kind == MutationKind.Update && s.Operation.Contains("(pgd", StringComparison.Ordinal));
    }

    private static ScenarioRun New(string scenario, string mmu, string memory, ScenarioParameters? parameters = null) =>
        new ScenarioRun(ScenarioCatalog.Find(scenario)!, parameters ?? new ScenarioParameters(), mmu) { Memory = memory }.ForVerification;

    private static Mutation Site(ScenarioRun run, string operation) =>
        MutationTrial.SitesOf(run, 200, withHost: false).Sites.First(s => string.Equals(s.Operation, operation, StringComparison.Ordinal));

    // Everybody writes a word under a lock.
    private sealed class LockedScenario(bool adds) : Scenario
    {
        private static readonly LockClass Class = new("lock", maySleep: false);
        private static readonly Message[] Once = [new Writes()];

        public static Mutation Lock { get; } = new(ThisFile, Writer.Line, MutationKind.Lock, "spin_lock(lock)");

        public override string Name => "locked";

        public override string Summary => "two vCPUs write a word under a lock";

        public override bool HasMmu => false;

        public override IReadOnlyList<Expectation> Expectations { get; } = [Expectation.Held("")];

        public override void Build(Stage stage, ScenarioParameters parameters, string mmu)
        {
            Block words = stage.Machine.Memory.Allocate("words", 2, BlockKind.Static);
            var spin = new SpinLock(stage.Machine, Class);
            for (int id = 0; id < parameters.Vcpus; id++)
            {
                stage.Add(new Writer(Names.Vcpu(id), words[0], words[1], spin, adds), Once);
            }

            stage.CheckAtEnd(() =>
            {
                if (adds && words[0].Peek != (ulong)parameters.Vcpus)
                {
                    stage.Machine.Report(new Violation("NoLostUpdate", "one is lost"), null);
                }
            });
        }

        private sealed record Writes : Message;

        private sealed class Writer(string name, Word word, Word other, SpinLock spin, bool adds) : Actor(name)
        {
            public const int Line = 1;

            public override async Coroutine Receive(Cpu cpu, Message message)
            {
                await cpu.Lock(spin, ThisFile, Line);
                ulong value = adds ? cpu.Read(word) : 0;
                await cpu.ReadOnce(other); // others may come in between
                cpu.Write(word, value + 1);
                await cpu.Unlock(spin);
            }
        }
    }
}
