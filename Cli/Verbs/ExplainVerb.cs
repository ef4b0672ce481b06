using System.CommandLine;

namespace MmuStress.Cli;

internal static class ExplainVerb
{
    public static Command Create(Surroundings surroundings)
    {
        _ = surroundings;
        return new Command("explain", "x");
    }
}
