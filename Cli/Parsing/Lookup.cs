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

    /// <summary>The scenario called <paramref name="name"/>, or of the file of that name.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="scenarios">What there is.</param>
    /// <returns>The scenario.</returns>
    /// <exception cref="UsageException">There is none of that name, or the file is no scenario file.</exception>
    public static Scenario Scenario(string name, IReadOnlyList<Scenario> scenarios)
    {
        if (name.EndsWith(ScenarioFile.Extension, StringComparison.Ordinal))
        {
            try
            {
                return new FileScenario(ScenarioFileReader.Read(name));
            }
            catch (ScenarioFileException e)
            {
                throw new UsageException(e.Message);
            }
        }

        string otherwise = name.EndsWith(".json", StringComparison.Ordinal) ? $"a scenario file's name ends with {ScenarioFile.Extension}" : "'mmu-stress list' names them";
        Require(name, scenarios.Select(s => s.Name), "scenario", otherwise);
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

        IReadOnlyList<string> offered = scenario.Mmus;
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
