namespace MmuStress.Explorer;

/// <summary>What an exhaustive search found.</summary>
/// <param name="Executions">How many executions were complete, those that violate a property included.</param>
/// <param name="Blocked">How many were cut short, since what would have followed is explored elsewhere.</param>
/// <param name="Steps">How many steps they had.</param>
/// <param name="IsComplete">Whether every execution was explored, up to equivalence.</param>
/// <param name="Finding">The first violating execution; null when everything held.</param>
/// <param name="Left">What is left to do; null where the search is complete, found something, or cannot be gone on with.</param>
public sealed record VerificationResult(long Executions, long Blocked, long Steps, bool IsComplete, Finding? Finding, Checkpoint? Left = null);
