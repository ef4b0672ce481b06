using MmuStress.Explorer;

namespace MmuStress.Scenarios;

/// <summary>What leaving one operation out of one scenario has shown.</summary>
/// <param name="Run">The scenario with the operation left out.</param>
/// <param name="Verdict">What it has shown.</param>
/// <param name="IsComplete">Whether all executions were searched, up to equivalence; true as well where something was found.</param>
/// <param name="Executions">How many executions were run.</param>
/// <param name="Finding">The execution that shows that the operation is necessary; null where it is not.</param>
public sealed record MutationOutcome(ScenarioRun Run, MutationVerdict Verdict, bool IsComplete, long Executions, Finding? Finding);
