using System.Reflection;
using System.Text.Json;
using Microsoft.Coyote.Rewriting;
using Microsoft.Coyote.SystematicTesting;
using MmuStress.Explorer;
using MmuStress.Machine;
using MmuStress.Scenarios;
using MmuStress.Tests;

namespace MmuStress.Hosts.Coyote.Tests;

public sealed class ScenarioTests
{
    [Fact]
    public void V20_FaultVsInvalidate_IsFoundAndReplays()
    {
        Coyotes.Outcome found = Coyotes.Explore(FaultTests.FaultVsInvalidateOnLoongarchV20, 2_000);

        Assert.StartsWith("NoStaleMapping: gfn 1 is mapped to pfn", found.Bug, StringComparison.Ordinal);
        Coyotes.Outcome again = Coyotes.Replay(found.Trace, FaultTests.FaultVsInvalidateOnLoongarchV20);
        Assert.Equal(found.Bug, again.Bug);
        Assert.Equal(1, again.Schedules);
    }

    [Fact]
    public void Mended_FaultVsInvalidate_Holds()
    {
        Coyotes.Outcome outcome = Coyotes.Explore(FaultTests.FaultVsInvalidateOnLoongarchMended, 500);

        Assert.Null(outcome.Bug);
        Assert.Equal(500, outcome.Schedules);
    }

    // The schedule that breaks v20 is none of the mended MMU's, so nothing may be found with it.
    [Fact]
    public void Trace_OfV20_FindsNothingOnTheMendedMmu()
    {
        Coyotes.Outcome found = Coyotes.Explore(FaultTests.FaultVsInvalidateOnLoongarchV20, 2_000);

        string? bug = Coyotes.Replay(found.Trace, FaultTests.FaultVsInvalidateOnLoongarchMended).Bug;
        Assert.DoesNotContain("NoStaleMapping", bug ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void PeerProtocol_WithTheCheckBeforeTheLock_IsFound() =>
        Assert.StartsWith("NoStaleMapping: ", Coyotes.Explore(PeerTests.PeerProtocolBuggy, 2_000).Bug, StringComparison.Ordinal);

    public static TheoryData<string> Violated { get; } =
        [.. CoyoteTest.All.Where(t => !t.Expectation.HoldsUnder("sc") && t.Expectation.IsDetectableUnder("sc")).Select(t => t.Name)];

    // Whatever our explorer finds, the same interleaving breaks the same property under Coyote: the two implementations of Cpu agree, and only
    // how many schedules it takes differs.
    [Theory]
    [MemberData(nameof(Violated))]
    public void Schedule_ThatOurExplorerFound_BreaksTheSameUnderCoyote(string name)
    {
        CoyoteTest test = CoyoteTest.Named(name);
        var run = new ScenarioRun(test.Scenario, test.Scenario.Defaults, test.Expectation.Mmu);
        var options = new ExplorationOptions { Iterations = 50_000, Workers = 1 };
        Finding finding = Assert.Single(run.Explore(options).Findings);
        Violation violation = Recorder.Record(run.NewProgram(), finding, options).Violation!;

        Coyotes.Outcome outcome = Coyotes.Replay(CoyoteTrace.Of(run, finding), test.Run);

        // Who waits for whom, and in whom an exception was thrown, each host says in its own words.
        bool isOfTheHost = violation.Invariant is MachineInvariants.NoDeadlock or MachineInvariants.NoException;
        Assert.StartsWith(isOfTheHost ? $"{violation.Invariant}: " : $"{violation.Invariant}: {violation.Message}", outcome.Bug, StringComparison.Ordinal);
    }

    [Fact]
    public void Schedule_ThatLeavesActorsOut_HasNoTrace()
    {
        CoyoteTest test = CoyoteTest.Named("PeerProtocolBuggy");
        var run = new ScenarioRun(test.Scenario, test.Scenario.Defaults, "");
        var finding = new Finding(new Violation("NoStaleMapping", ""), 0, [], 0, 0, DisabledCpus: 1);

        Assert.Throws<ArgumentException>(() => CoyoteTrace.Of(run, finding));
    }

    // An entry point finds its scenario and MMU by its own name.
    [Fact]
    public void EntryPoints_AreTheRowsOfExploreAll()
    {
        IEnumerable<string> entryPoints = typeof(CoyoteTest).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Public))
            .Where(m => m.GetCustomAttribute<TestAttribute>() is not null)
            .Select(m => m.Name);

        Assert.Equal(CoyoteTest.All.Select(t => t.Name).Order(StringComparer.Ordinal), entryPoints.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("FaultVsInvalidateOnLoongarchV20", "fault-vs-invalidate", "loongarch-v20")]
    [InlineData("DirtyLogClearOnLoongarch", "dirty-log-clear", "loongarch")]
    [InlineData("PeerProtocolBuggy", "peer-protocol-buggy", "")]
    public void Name_OfAnEntryPoint_IsItsScenarioAndMmu(string name, string scenario, string mmu)
    {
        CoyoteTest test = CoyoteTest.Named(name);

        Assert.Equal((scenario, mmu), (test.Scenario.Name, test.Expectation.Mmu));
    }

    [Fact]
    public void Name_OfNoScenario_IsRefused() => Assert.Throws<KeyNotFoundException>(() => CoyoteTest.Named("FaultVsInvalidateOnLoongarchV21"));

    // What coyote.json rewrites is what is rewritten for these tests.
    [Fact]
    public void Assemblies_OfCoyoteJson_AreRewritten()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Folder.Of("../../coyote.json")));
        List<string> names = json.RootElement.GetProperty("Assemblies").EnumerateArray().Select(a => Path.GetFileNameWithoutExtension(a.GetString()!)).ToList();

        Assert.Contains("MmuStress.Hosts.Coyote", names);
        Assert.All(names, n => Assert.True(RewritingEngine.IsAssemblyRewritten(Assembly.Load(n)), n));
    }
}
