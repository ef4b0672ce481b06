using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>A scenario on one MMU and what is expected of it: a row of <c>explore all</c> before it is run.</summary>
/// <param name="Run">The scenario.</param>
/// <param name="Expectation">What is expected.</param>
internal sealed record ExpectedRun(ScenarioRun Run, Expectation Expectation);
