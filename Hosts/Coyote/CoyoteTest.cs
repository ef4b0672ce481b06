using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Coyote;
using MmuStress.Scenarios;

namespace MmuStress.Hosts;

/// <summary>A scenario on one MMU as a test of Coyote's: a row of <c>explore all</c>, with the scenario's own parameters.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Expectation">The MMU and what is expected there.</param>
public sealed record CoyoteTest(Scenario Scenario, Expectation Expectation)
{
    /// <summary>All of them, in the order of <c>explore all</c>.</summary>
    public static IReadOnlyList<CoyoteTest> All { get; } =
        ScenarioCatalog.All.SelectMany(s => s.Expectations.Select(e => new CoyoteTest(s, e))).ToList();

    /// <summary>The entry point's name: "FaultVsInvalidateOnLoongarchV20".</summary>
    public string Name { get; } = Pascal(Scenario.Name) + (Expectation.Mmu.Length == 0 ? "" : "On" + Pascal(Expectation.Mmu));

    /// <summary>The test with an entry point's name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The test.</returns>
    /// <exception cref="KeyNotFoundException">There is no such scenario or MMU.</exception>
    public static CoyoteTest Named(string name) =>
        All.FirstOrDefault(t => string.Equals(t.Name, name, StringComparison.Ordinal)) ?? throw new KeyNotFoundException($"no scenario and MMU is called {name}");

    /// <summary>How a test is to be run in a program: uncontrolled concurrency is an error, and nothing is reported to anybody.</summary>
    /// <returns>A new configuration; <c>coyote test --partial-control none</c> is the same.</returns>
    public static Configuration NewConfiguration() => Configuration.Create()
        .WithPartiallyControlledConcurrencyAllowed(false)
        .WithPartiallyControlledDataNondeterminismAllowed(false)
        .WithTelemetryEnabled(false);

    /// <summary>Runs one schedule. To be called by the test that Coyote runs.</summary>
    public void Run() => new CoyoteHost(new ScenarioRun(Scenario, Scenario.Defaults, Expectation.Mmu).Build).Run();

    /// <summary>Runs one schedule of the test that the caller is called after.</summary>
    /// <param name="name">Filled in by the compiler.</param>
    internal static void RunCaller([CallerMemberName] string name = "") => Named(name).Run();

    private static string Pascal(string name) =>
        string.Concat(name.Split('-').Select(w => char.ToUpper(w[0], CultureInfo.InvariantCulture) + w[1..]));
}
