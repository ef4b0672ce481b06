using System.Globalization;
using Spectre.Console;

namespace MmuStress.Cli;

/// <summary>What people read of <c>explore all</c> and <c>verify all</c>: a table, what was unexpected, and a line that sums up.</summary>
/// <param name="unit">What is counted: "schedule".</param>
/// <param name="lines">The rows that are done.</param>
internal sealed class RowReport(string unit, IReadOnlyList<RowReport.Line> lines)
{
    /// <summary>Writes it.</summary>
    /// <param name="expectedRows">How many rows there would have been.</param>
    /// <param name="seconds">In which time.</param>
    /// <param name="folder">Where schedules are saved.</param>
    /// <returns>Lines, each ended by a line feed.</returns>
    public string Text(int expectedRows, double seconds, string folder)
    {
        Table table = new Table().Border(TableBorder.Ascii2).AddColumns("scenario", "mmu", "expected", "seen", "invariant", $"{unit}s", "time", "defect");
        table.Columns[5].RightAligned();
        table.Columns[6].RightAligned();
        foreach (Line line in lines)
        {
            ExploreRow row = line.Row;
            string[] cells =
            [
                row.Run.Scenario.Name,
                row.Run.Mmu.Length == 0 ? "-" : row.Run.Mmu,
                row.Expected,
                line.IsUnexpected ? $"{line.Seen}  <- unexpected" : line.Seen,
                row.Invariant,
                row.Schedules.ToString(CultureInfo.InvariantCulture),
                Quantity.Time(row.Seconds),
                row.Expectation.Because,
            ];
            table.AddRow(cells.Select(Markup.Escape).ToArray());
        }

        string text = lines.Count == 0 ? "" : TableText.Of(table);
        foreach (ExploreRow row in lines.Where(l => l.IsUnexpected).Select(l => l.Row))
        {
            string mmu = row.Run.Mmu.Length == 0 ? "" : $" on {row.Run.Mmu}";
            text += $"\nunexpected: {row.Run.Scenario.Name}{mmu}: {row.Problem}\n";
            text += row.Violation is null ? "" : "\n" + row.Violation.Report($"{unit} {row.Schedules}");
        }

        int unexpected = lines.Count(l => l.IsUnexpected);
        int undecided = lines.Count(l => l.IsUndecided);
        int saved = lines.Count(l => l.Row.Violation is { Path.Length: > 0 });
        string rest = lines.Count < expectedRows ? string.Create(CultureInfo.InvariantCulture, $"interrupted after {lines.Count} of {Quantity.Count(expectedRows, "row")}") : Quantity.Count(lines.Count, "row");
        string verdict = unexpected > 0 ? string.Create(CultureInfo.InvariantCulture, $"{unexpected} unexpected") : undecided == 0 ? "all as expected" : "none unexpected";
        string open = undecided == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {undecided} undecided");
        return $"{text}\n{rest}, {verdict}{open}, {Quantity.Time(seconds)}; {Quantity.Count(saved, "schedule")} saved in {folder}\n";
    }

    /// <summary>A row, and what was seen in it.</summary>
    /// <param name="Row">The row.</param>
    /// <param name="Seen">What was seen.</param>
    /// <param name="IsUnexpected">Whether that is not what was expected.</param>
    /// <param name="IsUndecided">Whether a limit was reached before it was known.</param>
    public sealed record Line(ExploreRow Row, string Seen, bool IsUnexpected, bool IsUndecided = false);
}
