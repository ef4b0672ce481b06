using MmuStress.Actors;
using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>Two changes by the host at a time: what one has put aside the other must not put back.</summary>
public sealed class CollapseVsMigrateTests
{
    [Fact]
    public void Collapse_OfAPageThatMigrates_LeavesNoMigrationEntryBehind()
    {
        var run = new ScenarioRun(new CollapseVsMigrate(), new ScenarioParameters { Vcpus = 1, BytesPerVcpu = 2 * ScenarioParameters.PageSize }, "loongarch-mended");
        Assert.Empty(run.Explore(new ExplorationOptions { Iterations = 10_000 }).Findings);
    }

    private sealed class CollapseVsMigrate : VmScenario
    {
        public override string Name => "collapse-vs-migrate";

        public override string Summary => "for tests";

        protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = [Expectation.Held(Mended)];

        protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
        {
            vm.AddVcpu(0, Scripts.Reads(vm.First, vm.Pages));
            vm.AddHost("compaction", new MigratesPage(1));
            vm.AddHost("khugepaged", new CollapsesPages(1, 2));
            vm.Check(new NoStaleMapping(), new NoStaleTlb());
        }
    }
}
