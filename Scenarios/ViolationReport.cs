using System.Globalization;
using System.Text;
using MmuStress.Explorer;

namespace MmuStress.Scenarios;

/// <summary>What is printed for a violation: what was violated, where it was found, the race diagram, and how to see it again.</summary>
public static class ViolationReport
{
    /// <summary>Writes the report.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="recording">What happened in it.</param>
    /// <param name="foundIn">"schedule 3 of 100000", or empty.</param>
    /// <param name="path">Where the schedule is saved; empty where it is not.</param>
    /// <param name="allSteps">Whether the diagram shows every step.</param>
    /// <returns>Lines, each ended by a line feed.</returns>
    public static string Text(Schedule schedule, Recording recording, string foundIn, string path, bool allSteps = false)
    {
        var text = new StringBuilder();
        text.Append(schedule.Violation.Invariant).Append(": ").Append(schedule.Violation.Message).Append('\n');
        text.Append("scenario ").Append(schedule.Scenario);
        if (schedule.Mmu.Length != 0)
        {
            text.Append("   mmu ").Append(schedule.Mmu);
        }

        text.Append("   memory ").Append(schedule.Memory);
        if (!string.Equals(schedule.Strategy, Verification.Strategy, StringComparison.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"   seed {schedule.Seed}");
        }

        if (foundIn.Length != 0)
        {
            text.Append("   ").Append(foundIn);
        }

        if (schedule.Mutation is { } mutation)
        {
            text.Append("\nwithout ").Append(mutation);
        }

        text.Append("\n\n").Append(RaceDiagram.Draw(recording, allSteps)).Append('\n');
        text.Append("  ").Append(Count(schedule.Preemptions, "preemption")).Append(", ").Append(Count(schedule.Steps, "step"));
        if (schedule.StepsBeforeShrinking > schedule.Steps)
        {
            text.Append(CultureInfo.InvariantCulture, $" (shrunk from {schedule.StepsBeforeShrinking})");
        }

        text.Append('\n');
        if (path.Length != 0)
        {
            text.Append("  saved   ").Append(path).Append('\n');
            text.Append("  replay  mmu-stress replay ").Append(path).Append('\n');
        }

        return text.ToString();
    }

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
