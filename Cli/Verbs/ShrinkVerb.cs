using System.CommandLine;

namespace MmuStress.Cli;

internal static class ShrinkVerb
{
    public static Command Create(Surroundings surroundings)
    {
        _ = surroundings;
        return new Command("shrink", "x");
    }
}
