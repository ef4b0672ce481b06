namespace MmuStress.Explorer;

/// <summary>The strategies by the names that users give.</summary>
public static class StrategyCatalog
{
    /// <summary>The name of the strategy used when none is given.</summary>
    public const string Default = "portfolio";

    /// <summary>The strategies, in the order in which they are listed.</summary>
    public static IReadOnlyList<StrategyEntry> All { get; } =
    [
        new(Default, "random, POS and PCT of depths 2, 3 and 4 in turns", IsSequential: false, p => new Portfolio(
            new RandomWalk(p.Seed), new Pos(p.Seed), new Pct(p.Seed, 2, p.Steps), new Pct(p.Seed, 3, p.Steps), new Pct(p.Seed, 4, p.Steps))),
        new("random", "every CPU that can run is equally likely at each step", IsSequential: false, p => new RandomWalk(p.Seed)),
        new("pct", "random priorities, lowered at --depth minus 1 random steps", IsSequential: false, p => new Pct(p.Seed, p.Depth, p.Steps)),
        new("pos", "random priorities of operations, drawn again on conflict", IsSequential: false, p => new Pos(p.Seed)),
        new("preemption-bounded", "all schedules with 0 preemptions, then 1, 2, ... up to --depth", IsSequential: true, p => new PreemptionBounded(p.Depth)),
    ];

    /// <summary>The strategy called <paramref name="name"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The strategy; null where there is none of that name.</returns>
    public static StrategyEntry? Find(string name) => All.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.Ordinal));
}
