using System.Globalization;

namespace MmuStress.Bench;

/// <summary><c>coyote</c>: our explorer and Coyote on the same scenarios, in turns. Writes tables of Markdown; to be pinned to one core.</summary>
internal static class CoyoteComparison
{
    private const int Seeds = 20;
    private const uint SeedStep = 1_000_003; // Coyote's schedule k of seed s is schedule 0 of seed s + k
    private const int Seconds = 60;
    private const long CoyoteSchedules = 2_000;
    private const long OurSchedulesForEach = 100; // to one of Coyote's

    private static readonly string[] Strategies = ["random", "pct"];
    private static readonly string[] Held = ["PeerProtocol", "FaultVsInvalidateOnLoongarchMended", "WalkVsUnmapOnLoongarchMended", "MixedOnLoongarchMended"];

    private static readonly string[] Violated =
    [
        "PeerProtocolBuggy", "FaultVsInvalidateOnLoongarchV20", "WalkVsUnmapOnLoongarchV20", "CowVsFaultOnLoongarchV20",
        "DirtyLogStrictOnLoongarch", "MemslotDeleteVsUnmapOnLoongarch",
    ];

    /// <summary>Runs the comparison and prints it.</summary>
    /// <param name="args">"speed" or "bugs" for one half of it, and how the name of a test begins for that one only; none for everything.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> args)
    {
        string name = args.FirstOrDefault(a => a is not ("speed" or "bugs")) ?? "";
        if (!args.Contains("bugs", StringComparer.Ordinal))
        {
            CompareSpeed(Held.Where(t => t.StartsWith(name, StringComparison.Ordinal)));
        }

        if (!args.Contains("speed", StringComparer.Ordinal))
        {
            CompareBugs(Violated.Where(t => t.StartsWith(name, StringComparison.Ordinal)));
        }

        return 0;
    }

    private static void CompareSpeed(IEnumerable<string> tests)
    {
        Console.WriteLine("| held | strategy | engine | schedules | s | schedules/s | schedules/CPU s | allocated a schedule | peak memory | ours, times Coyote's, by CPU time (wall clock) |");
        Console.WriteLine("|---|---|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (string test in tests)
        {
            foreach (string strategy in Strategies)
            {
                WorkAnswer theirs;
                WorkAnswer ours;
                using (WorkerProcess coyote = WorkerProcess.StartCoyote())
                {
                    coyote.Ask(new WorkRequest(test, strategy, 1, CoyoteSchedules / 10, Seconds)); // compiles
                    theirs = coyote.Ask(new WorkRequest(test, strategy, 2, CoyoteSchedules, Seconds));
                }

                using (WorkerProcess explorer = WorkerProcess.StartExplorer())
                {
                    explorer.Ask(new WorkRequest(test, strategy, 1, CoyoteSchedules * OurSchedulesForEach / 10, Seconds));
                    ours = explorer.Ask(new WorkRequest(test, strategy, 2, CoyoteSchedules * OurSchedulesForEach, Seconds));
                }

                PrintSpeed(test, strategy, "Coyote", theirs, "");
                double wall = ours.Schedules / ours.Seconds * theirs.Seconds / theirs.Schedules;
                double cpu = ours.Schedules / ours.CpuSeconds * theirs.CpuSeconds / theirs.Schedules;
                string ratio = string.Create(CultureInfo.InvariantCulture, $"{cpu:F0} ({wall:F0})");
                PrintSpeed(test, strategy, "ours", ours, ratio);
            }
        }

        Console.WriteLine();
    }

    private static void PrintSpeed(string test, string strategy, string engine, WorkAnswer answer, string ratio) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {test} | {strategy} | {engine} | {answer.Schedules} | {answer.Seconds:F2} | {answer.Schedules / answer.Seconds:N0} | {answer.Schedules / answer.CpuSeconds:N0} | {answer.AllocatedBytes / 1024.0 / answer.Schedules:F1} KB | {answer.PeakBytes >> 20} MB | {ratio} |"));

    private static void CompareBugs(IEnumerable<string> tests)
    {
        Console.WriteLine("| violated | strategy | engine | found, of 20 seeds | schedules to the first bug, median (range) | s, median |");
        Console.WriteLine("|---|---|---|---:|---:|---:|");
        using WorkerProcess coyote = WorkerProcess.StartCoyote();
        using WorkerProcess explorer = WorkerProcess.StartExplorer();
        foreach (string test in tests)
        {
            foreach (string strategy in Strategies)
            {
                PrintBugs(test, strategy, "Coyote", coyote);
                PrintBugs(test, strategy, "ours", explorer);
            }
        }

        Console.WriteLine();
    }

    private static void PrintBugs(string test, string strategy, string engine, WorkerProcess process)
    {
        process.Ask(new WorkRequest(test, strategy, 0, 20, Seconds)); // compiles
        List<WorkAnswer> found = [];
        for (uint seed = 1; seed <= Seeds; seed++)
        {
            WorkAnswer answer = process.Ask(new WorkRequest(test, strategy, seed * SeedStep, CoyoteSchedules, Seconds));
            if (answer.Bug is not null)
            {
                found.Add(answer);
            }
        }

        string schedules = found.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{Median(found.Select(a => (double)a.Schedules)):F1} ({found.Min(a => a.Schedules)} to {found.Max(a => a.Schedules)})");
        string seconds = found.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{Median(found.Select(a => a.Seconds)):G2}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {test} | {strategy} | {engine} | {found.Count} | {schedules} | {seconds} |"));
    }

    private static double Median(IEnumerable<double> values)
    {
        List<double> sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
