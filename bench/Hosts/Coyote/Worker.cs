using System.Diagnostics;
using System.Text.Json;
using Microsoft.Coyote;
using Microsoft.Coyote.Rewriting;
using Microsoft.Coyote.SystematicTesting;
using MmuStress.Explorer;
using MmuStress.Hosts;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <summary>The other end of a <see cref="WorkerProcess"/>: explores what it is asked to, with Coyote where this assembly has been rewritten and with our explorer where it has not.</summary>
internal static class Worker
{
    /// <summary>The argument that makes this program a worker.</summary>
    public const string Verb = "worker";

    /// <summary>Answers requests, a line of JSON each, until there are no more.</summary>
    /// <returns>The exit code.</returns>
    public static int Run()
    {
        TextWriter answers = Console.Out;
        Console.SetOut(TextWriter.Null); // Coyote reports each iteration
        bool isRewritten = RewritingEngine.IsAssemblyRewritten(typeof(Worker).Assembly);
        while (Console.ReadLine() is { } line)
        {
            WorkRequest request = JsonSerializer.Deserialize<WorkRequest>(line)!;
            answers.WriteLine(JsonSerializer.Serialize(Measure(request, isRewritten ? RunCoyote : RunExplorer)));
            answers.Flush();
        }

        return 0;
    }

    private static WorkAnswer Measure(WorkRequest request, Func<WorkRequest, (string? Bug, long Schedules, Func<string?> NewTrace)> run)
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan cpu = process.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        (string? bug, long schedules, Func<string?> newTrace) = run(request);
        double seconds = watch.Elapsed.TotalSeconds;
        process.Refresh();
        return new WorkAnswer(
            bug, schedules, seconds, (process.TotalProcessorTime - cpu).TotalSeconds, GC.GetTotalAllocatedBytes(precise: true) - allocated, process.PeakWorkingSet64, newTrace());
    }

    private static (string? Bug, long Schedules, Func<string?> NewTrace) RunExplorer(WorkRequest request)
    {
        CoyoteTest test = CoyoteTest.Named(request.Test);
        var run = new ScenarioRun(test.Scenario, test.Scenario.Defaults, test.Expectation.Mmu);
        ExplorationResult result = run.Explore(new ExplorationOptions
        {
            Strategy = request.Strategy,
            Seed = request.Seed,
            Iterations = request.Schedules,
            Time = TimeSpan.FromSeconds(request.Seconds),
            Workers = 1,
        });
        return result.Findings is [{ } first, ..]
            ? ($"{first.Violation.Invariant}: {first.Violation.Message}", result.Schedules, () => CoyoteTrace.Of(run, first))
            : (null, result.Schedules, () => null);
    }

    private static (string? Bug, long Schedules, Func<string?> NewTrace) RunCoyote(WorkRequest request)
    {
        Configuration configuration = CoyoteTest.NewConfiguration()
            .WithRandomGeneratorSeed(request.Seed)
            .WithTestingIterations((uint)request.Schedules);
        switch (request.Strategy)
        {
            case "portfolio":
                break; // Coyote's default, too
            case "random":
                configuration.WithRandomStrategy();
                break;
            case "pct":
                configuration.WithPrioritizationStrategy();
                break;
            default:
                throw new ArgumentException($"no strategy {request.Strategy}", nameof(request));
        }

        if (request.Trace is not null)
        {
            configuration.WithReproducibleTrace(request.Trace);
        }

        using TestingEngine engine = TestingEngine.Create(configuration, CoyoteTest.Named(request.Test).Run);
        var watch = Stopwatch.StartNew();
        engine.RegisterEndIterationCallBack(_ => // Coyote's own limit of time is instead of the one of schedules
        {
            if (watch.Elapsed.TotalSeconds > request.Seconds)
            {
                engine.Stop();
            }
        });
        engine.Run();
        TestReport report = engine.TestReport;
        string? bug = report.BugReports.FirstOrDefault();
        string? trace = bug is null ? null : engine.ReproducibleTrace;
        return (bug, report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths, () => trace);
    }
}
