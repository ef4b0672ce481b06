namespace MmuStress.Scenarios;

/// <summary>The races of the kernel's history that are reproduced, a file for each area. docs/history.md has them as a table.</summary>
public static partial class KernelHistory
{
    /// <summary>The races, in the order of their numbers.</summary>
    public static IReadOnlyList<HistoricalRace> All { get; } =
        new IReadOnlyList<HistoricalRace>[] { LoongArch, Arm, Notifiers, Caches, Nested, Lifetimes, X86 }
            .SelectMany(area => area)
            .OrderBy(race => race.Id, StringComparer.Ordinal)
            .ToList();

    /// <summary>Their scenarios, each once.</summary>
    public static IEnumerable<Scenario> Scenarios => All.SelectMany(race => new[] { race.Before, race.After }).DistinctBy(scenario => scenario.Name, StringComparer.Ordinal);
}
