using System.Globalization;
using MmuStress.Hosts;

namespace MmuStress.Bench;

/// <summary><c>crosscheck [beginning of a name]</c>: every scenario on every MMU, under our explorer and under Coyote, side by side. Writes a table of Markdown.</summary>
internal static class CrossCheck
{
    private const long OurSchedules = 20_000; // as explore all
    private const long MoreWhereViolated = 10; // as explore all
    private const long CoyoteSchedules = 500;
    private const long CoyoteSchedulesWhereViolated = 20_000;
    private const int Seconds = 200;

    /// <summary>Runs the rows and prints them.</summary>
    /// <param name="args">How the entry points' names begin; none for all.</param>
    /// <returns>0 when both say the same everywhere, or Coyote says it of the schedule that it did not come upon; else 1.</returns>
    public static int Run(IReadOnlyList<string> args)
    {
        using WorkerProcess explorer = WorkerProcess.StartExplorer();
        using WorkerProcess coyote = WorkerProcess.StartCoyote();
        Console.WriteLine("| scenario | MMU | expected | ours | schedules | Coyote | schedules | |");
        Console.WriteLine("|---|---|---|---|---:|---|---:|---|");
        int rows = 0;
        int differences = 0;
        foreach (CoyoteTest test in CoyoteTest.All.Where(t => args.Count == 0 || t.Name.StartsWith(args[0], StringComparison.Ordinal)))
        {
            bool isViolated = !test.Expectation.HoldsUnder("sc") && test.Expectation.IsDetectableUnder("sc");
            long ourSchedules = isViolated ? OurSchedules * MoreWhereViolated : OurSchedules;
            WorkAnswer ours = explorer.Ask(new WorkRequest(test.Name, "portfolio", 1, ourSchedules, Seconds));
            WorkAnswer theirs = coyote.Ask(new WorkRequest(test.Name, "portfolio", 1, isViolated ? CoyoteSchedulesWhereViolated : CoyoteSchedules, Seconds));
            string difference = Compare(test, ours, theirs);
            string remark = difference;
            if (ours.Bug is not null && theirs.Bug is null)
            {
                WorkAnswer replayed = coyote.Ask(new WorkRequest(test.Name, "random", 1, 1, Seconds, ours.Trace));
                bool isSame = string.Equals(replayed.Invariant, ours.Invariant, StringComparison.Ordinal);
                (difference, remark) = isSame ? ("", "replays our schedule to the same violation") : (difference, $"{difference}: our schedule does nothing there");
            }

            rows++;
            differences += difference.Length > 0 ? 1 : 0;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {test.Scenario.Name} | {test.Expectation.Mmu} | {(isViolated ? test.Expectation.Because : "held")} | {Verdict(ours)} | {ours.Schedules} | {Verdict(theirs)} | {theirs.Schedules} | {remark} |"));
        }

        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows} rows, {differences} differences"));
        return differences == 0 ? 0 : 1;
    }

    private static string Verdict(WorkAnswer answer) => answer.Bug is null ? "held" : answer.Invariant;

    private static string Compare(CoyoteTest test, WorkAnswer ours, WorkAnswer theirs)
    {
        if (ours.Bug is null != theirs.Bug is null)
        {
            return "differs";
        }

        return theirs.Bug is null || test.Expectation.Invariants.Contains(theirs.Invariant, StringComparer.Ordinal) ? "" : $"unexpected: {theirs.Bug}";
    }
}
