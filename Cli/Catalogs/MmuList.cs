using MmuStress.Mmu;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>The MMUs by the names that users give.</summary>
internal static class MmuList
{
    /// <summary>The MMU used when none is given and the scenario has it: the one that is expected to hold.</summary>
    public const string Default = "loongarch-mended";

    /// <summary>The MMUs that there are.</summary>
    /// <param name="scenarios">The scenarios.</param>
    /// <returns>Name and summary: those of the catalogue first, then what else scenarios name.</returns>
    public static IReadOnlyList<NamedSummary> Of(IReadOnlyList<Scenario> scenarios)
    {
        IEnumerable<NamedSummary> known = MmuArchitectures.All.Select(a => new NamedSummary(a.Name, a.Summary));
        IEnumerable<NamedSummary> others = scenarios
            .Where(s => s.HasMmu)
            .SelectMany(s => s.Expectations)
            .Select(e => e.Mmu)
            .Distinct(StringComparer.Ordinal)
            .Where(name => MmuArchitectures.Find(name) is null)
            .Select(name => new NamedSummary(name, ""));
        return known.Concat(others).ToList();
    }
}
