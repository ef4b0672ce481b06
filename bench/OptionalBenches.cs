namespace MmuStress.Bench;

/// <summary>Comparisons that need the optional hosts: what is in Hosts/, compiled with -p:Hosts=all only.</summary>
internal static partial class OptionalBenches
{
    /// <summary>Runs the comparison that the arguments name.</summary>
    /// <param name="args">The arguments.</param>
    /// <returns>The exit code; null where they name none.</returns>
    public static int? Run(string[] args)
    {
        int? exitCode = null;
        RunCoyote(args, ref exitCode);
        RunAkka(args, ref exitCode);
        return exitCode;
    }

    static partial void RunCoyote(string[] args, ref int? exitCode);

    static partial void RunAkka(string[] args, ref int? exitCode);
}
