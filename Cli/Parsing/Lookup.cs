using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>Names that users type, looked up; a wrong one is answered with the nearest right one.</summary>
internal static class Lookup
{
    /// <summary>Refuses a name that does not exist.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="known">What there is.</param>
    /// <param name="what">What it names: "scenario".</param>
    /// <param name="otherwise">What is said where no name is near.</param>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static void Require(string name, IEnumerable<string> known, string what, string otherwise)
    {
        List<string> names = known.ToList();
        if (names.Contains(name, StringComparer.Ordinal))
        {
            return;
        }

        string hint = Nearest.To(name, names) is { } nearest ? $"did you mean '{nearest}'?" : otherwise;
        throw new UsageException($"there is no {what} '{name}'; {hint}");
    }

    /// <summary>The scenario called <paramref name="name"/>.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="scenarios">What there is.</param>
    /// <returns>The scenario.</returns>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static Scenario Scenario(string name, IReadOnlyList<Scenario> scenarios)
    {
        if (name.EndsWith(".scenario.json", StringComparison.Ordinal))
        {
            throw new UsageException($"{name}: scenario files are not there yet");
        }

        Require(name, scenarios.Select(s => s.Name), "scenario", "'mmu-stress list' names them");
        return scenarios.First(s => string.Equals(s.Name, name, StringComparison.Ordinal));
    }

    /// <summary>The MMU that a scenario runs on.</summary>
    /// <param name="name">What was typed; null for the default.</param>
    /// <param name="scenario">The scenario.</param>
    /// <param name="scenarios">What there is.</param>
    /// <returns>The MMU's name; empty for a scenario without one.</returns>
    /// <exception cref="UsageException">There is none of that name, or the scenario does not run on it.</exception>
    public static string Mmu(string? name, Scenario scenario, IReadOnlyList<Scenario> scenarios)
    {
        if (!scenario.HasMmu)
        {
            return name is null ? "" : throw new UsageException($"-m does not go with scenario {scenario.Name}, which has no MMU to choose");
        }

        List<string> offered = scenario.Expectations.Select(e => e.Mmu).ToList();
        if (name is null)
        {
            return offered.Contains(MmuList.Default, StringComparer.Ordinal) ? MmuList.Default : offered[0];
        }

        Require(name, MmuList.Of(scenarios).Select(m => m.Name), "MMU", "'mmu-stress list' names them");
        return offered.Contains(name, StringComparer.Ordinal)
            ? name
            : throw new UsageException($"scenario {scenario.Name} does not run on MMU {name}, only on {string.Join(", ", offered)}");
    }
}
