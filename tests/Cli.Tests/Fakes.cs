using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

/// <summary>Surroundings with other scenarios.</summary>
internal static class Fakes
{
    public static Func<Surroundings, Surroundings> Only(params Scenario[] scenarios) => surroundings => surroundings with { Scenarios = scenarios };
}
