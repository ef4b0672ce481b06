using System.CommandLine;

namespace MmuStress.Cli;

internal static class SoakVerb
{
    public static Command Create(Surroundings surroundings)
    {
        _ = surroundings;
        return new Command("soak", "x");
    }
}
