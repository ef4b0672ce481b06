using System.Text.RegularExpressions;
using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>What a person reads about a race, as it goes into a changelog.</summary>
public sealed partial class ReportTests
{
    [Theory]
    [InlineData("fault-vs-invalidate on loongarch-v20")]
    [InlineData("cow-vs-fault on loongarch-v20")]
    [InlineData("walk-vs-memslot-delete on loongarch")]
    [InlineData("release-vs-unmap on loongarch")]
    [InlineData("memslot-delete-vs-unmap on loongarch")]
    [InlineData("memslot-move-vs-fault on loongarch")]
    [InlineData("dirty-log-strict on loongarch")]
    [InlineData("change-pte-overlap on loongarch-v20")]
    [InlineData("peer-protocol-buggy")]
    public void Report_ShrunkRace_IsTheGoldenOne(string row)
    {
        ScenarioRun run = Row.Of(row).Run;
        var options = new ExplorationOptions();
        Finding found = run.Explore(options).Findings[0];
        (Schedule schedule, Recording recording) = run.Record(run.Shrink(found, options), options, found.Steps);
        string foundIn = $"schedule {found.Index + 1} of {options.Iterations}";
        string text = ViolationReport.Text(schedule, recording, foundIn, "schedules/race.json");
        Golden.Matches(row.Replace(" on ", "-", StringComparison.Ordinal) + ".txt", SourceLine().Replace(text, ".cs:N"));
    }

    // A report of a data race says where in the source it is, and sources move.
    [GeneratedRegex(@"\.cs:\d+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SourceLine();
}
