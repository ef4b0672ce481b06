using System.Threading;

namespace MmuStress.Cli.Tests;

/// <summary>Runs the command line in this process.</summary>
internal static class Cli
{
    public static Outcome Run(params string[] args) => Run(surroundings => surroundings, args);

    public static Outcome Run(Func<Surroundings, Surroundings> change, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Surroundings surroundings = change(new Surroundings { Out = output, Error = error, FirstProgress = Timeout.InfiniteTimeSpan });
        int code = CommandLine.Run(args, surroundings);
        return new Outcome(code, output.ToString(), error.ToString());
    }
}
