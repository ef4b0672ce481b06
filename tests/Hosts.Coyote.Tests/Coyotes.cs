using Microsoft.Coyote;
using Microsoft.Coyote.SystematicTesting;
using MmuStress.Actors;

namespace MmuStress.Hosts.Coyote.Tests;

/// <summary>Runs something under Coyote, in this process.</summary>
internal static class Coyotes
{
    /// <summary>Runs a stage with a fixed seed.</summary>
    public static Outcome Explore(Action<Stage> build, uint iterations = 200) => Explore(() => new CoyoteHost(build).Run(), iterations);

    /// <summary>Runs a test of Coyote's with a fixed seed.</summary>
    public static Outcome Explore(Action test, uint iterations = 200) =>
        Run(CoyoteTest.NewConfiguration().WithTestingIterations(iterations).WithRandomGeneratorSeed(1), test);

    /// <summary>Runs a recorded schedule again.</summary>
    public static Outcome Replay(string trace, Action test) => Run(CoyoteTest.NewConfiguration().WithReproducibleTrace(trace), test);

    private static Outcome Run(Configuration configuration, Action test)
    {
        using TestingEngine engine = TestingEngine.Create(configuration, test);
        engine.Run();
        TestReport report = engine.TestReport;
        Assert.Empty(report.InternalErrors);
        return new Outcome(report.BugReports.FirstOrDefault(), report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths, engine.ReproducibleTrace);
    }

    /// <summary>What Coyote found.</summary>
    /// <param name="Bug">The bug's text; null for none.</param>
    /// <param name="Schedules">How many schedules it took.</param>
    /// <param name="Trace">The schedule with the bug.</param>
    internal sealed record Outcome(string? Bug, int Schedules, string Trace);
}
