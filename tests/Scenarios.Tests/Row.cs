using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>A scenario on an MMU and what is expected of it, as one row of a theory: "fault-vs-invalidate on loongarch-v20".</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Expectation">What is expected.</param>
internal sealed record Row(Scenario Scenario, Expectation Expectation)
{
    private const string On = " on ";

    public static IEnumerable<Row> All =>
        from scenario in ScenarioCatalog.All
        from expectation in scenario.Expectations
        select new Row(scenario, expectation);

    /// <summary>The scenario as it comes.</summary>
    public ScenarioRun Run => With(Scenario.Defaults);

    public static Row Of(string text) => All.Single(row => string.Equals(row.ToString(), text, StringComparison.Ordinal));

    public static TheoryData<string> Where(Func<Row, bool> predicate) => new(All.Where(predicate).Select(row => row.ToString()));

    public ScenarioRun With(ScenarioParameters parameters) => new(Scenario, parameters, Expectation.Mmu);

    /// <summary>The scenario as it comes, under a memory model.</summary>
    public ScenarioRun Under(string memory) => Run with { Memory = memory };

    /// <summary>The memory model under which a defect is looked for: the simplest that shows it.</summary>
    public string ShownUnder => Expectation.Models.Count == 0 ? MemoryModels.Default : Expectation.Models[0];

    /// <summary>Everything that is known to be wrong with its MMU, whichever scenario shows it; another may as well, at another size or running free.</summary>
    public IReadOnlyList<string> KnownDefects { get; } =
        ScenarioCatalog.All.SelectMany(s => s.Expectations).Where(e => string.Equals(e.Mmu, Expectation.Mmu, StringComparison.Ordinal)).SelectMany(e => e.Invariants).ToList();

    public override string ToString() => Expectation.Mmu.Length == 0 ? Scenario.Name : Scenario.Name + On + Expectation.Mmu;
}
