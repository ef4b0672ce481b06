namespace MmuStress.Explorer;

/// <summary>How far an exhaustive search has come.</summary>
/// <param name="Executions">How many executions were complete.</param>
/// <param name="Blocked">How many were cut short, since what would have followed is explored elsewhere.</param>
/// <param name="Steps">How many steps they had.</param>
/// <param name="Fraction">How much of the search is done, from 0 to 1, by what is known now of what is left.</param>
public readonly record struct VerificationProgress(long Executions, long Blocked, long Steps, double Fraction);
