namespace MmuStress.Explorer;

/// <summary>A strategy that users can name.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it does, in one line.</param>
/// <param name="IsSequential">Whether a schedule depends on the ones before it, so that only one worker can run it.</param>
/// <param name="Create">Makes one for one worker.</param>
public sealed record StrategyEntry(string Name, string Summary, bool IsSequential, Func<StrategyParameters, IStrategy> Create);
