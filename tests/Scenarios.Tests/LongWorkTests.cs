using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Scenarios.Tests;

/// <summary>What works its way through many pages gets something done, however long it takes; what only tries again does not.</summary>
public sealed class LongWorkTests
{
    private const int Pages = 4096;

    // Fewer steps than there are pages, and more than a table has entries.
    private static readonly ExplorationOptions Options = new()
    {
        Iterations = 2,
        Workers = 1,
        Limits = new ExplorationLimits { FairAfterSteps = 1500, LivelockAfterSteps = 3000 },
    };

    public static TheoryData<string, string> LargeScenarios()
    {
        var rows = new TheoryData<string, string>();
        foreach (string name in (string[])["fault-vs-invalidate", "fast-path-vs-unmap", "walk-vs-memslot-delete", "release-vs-unmap", "yield-vs-unmap", "unmap-neighbour"])
        {
            foreach (string mmu in ScenarioCatalog.Find(name)!.Mmus)
            {
                rows.Add(name, mmu);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(LargeScenarios))]
    public void WorkOnManyPages_OfAScenario_IsNoLivelock(string name, string mmu)
    {
        Scenario scenario = ScenarioCatalog.Find(name)!;

        RequireNoLivelock(scenario, scenario.Defaults with { BytesPerVcpu = Pages * ScenarioParameters.PageSize }, mmu);
    }

    [Theory]
    [InlineData("unmap")]
    [InlineData("munmap")]
    [InlineData("protect")]
    [InlineData("fork")]
    [InlineData("age")]
    [InlineData("mremap")]
    public void WorkOnManyPages_OfTheHost_IsNoLivelock(string operation)
    {
        var work = new ScenarioFileOperation(operation) { Page = 0, Pages = Pages, To = string.Equals(operation, "mremap", StringComparison.Ordinal) ? Pages : null };
        var file = new ScenarioFile
        {
            Name = operation,
            Slots = [new ScenarioFileSlot(0, 0, Pages, 0)],
            Actors = [new("host", "host", [work, work]), new("vcpu0", "vcpu", [new("write") { Gfn = 0 }])],
        };
        var scenario = new FileScenario(file);

        RequireNoLivelock(scenario, scenario.Defaults, "loongarch-mended");
        RequireNoLivelock(scenario, scenario.Defaults, "x86");
    }

    // With the same limits, and memory that is as large.
    [Fact]
    public void WalkThatBeginsAnewForEver_InLargeMemory_IsALivelock()
    {
        var scenario = new RootZapYields(isEndless: true, isBefore: true);

        ExplorationResult result = new ScenarioRun(scenario, scenario.Defaults with { BytesPerVcpu = Pages * ScenarioParameters.PageSize }, "x86").Explore(Options);

        Assert.Equal(MachineInvariants.NoLivelock, Assert.Single(result.Findings).Violation.Invariant);
    }

    private static void RequireNoLivelock(Scenario scenario, ScenarioParameters parameters, string mmu)
    {
        ExplorationResult result = new ScenarioRun(scenario, parameters, mmu).Explore(Options);

        Assert.DoesNotContain(result.Findings, f => string.Equals(f.Violation.Invariant, MachineInvariants.NoLivelock, StringComparison.Ordinal));
    }
}
