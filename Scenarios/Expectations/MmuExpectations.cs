namespace MmuStress.Scenarios;

/// <summary>What is expected of the scenarios with a VM on MMUs other than LoongArch's, for which they were written: a file for each MMU.</summary>
public static partial class MmuExpectations
{
    private static readonly ILookup<string, Expectation> ByScenario =
        new[] { OnArm2012(), OnArm64Of2014(), OnArm64(), OnMips(), OnX86() }
            .SelectMany(rows => rows)
            .ToLookup(row => row.Scenario, row => row.Expectation, StringComparer.Ordinal);

    /// <summary>What is expected of a scenario on these MMUs. One that is not named does not run it.</summary>
    /// <param name="scenario">The scenario's name.</param>
    /// <returns>An expectation for each MMU.</returns>
    public static IEnumerable<Expectation> Of(string scenario) => ByScenario[scenario];

    // Everything holds in these scenarios.
    private static IEnumerable<(string Scenario, Expectation Expectation)> Held(string mmu, params string[] scenarios) =>
        scenarios.Select(scenario => (scenario, Expectation.Held(mmu)));
}
