using System.Globalization;
using System.Text;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>A recorded run as the table that kernel developers put into commit messages: a column for each actor, time downwards.</summary>
/// <remarks>
/// Two-space indent; the second of two columns begins at 42, of three and more each is 28 wide. A line is what an actor logged; locks that
/// several actors took are shown as well, so that it is seen what they did and did not order. A run in which nobody logged anything
/// shows every step instead. A step that read an old value, or wrote one that had been overwritten already, is always shown, and so is the step
/// that overwrote it. Of a livelock, what only repeats in its middle is left out. The last line ends with the consequence.
/// </remarks>
public static class RaceDiagram
{
    private const int Indent = 2;
    private const int WideColumn = 40;
    private const int NarrowColumn = 28;
    private const int PageWidth = 79;
    private const int RepetitionShown = 20;

    /// <summary>Draws the run.</summary>
    /// <param name="recording">The run.</param>
    /// <param name="allSteps">Whether to show every step, also where actors logged what they do.</param>
    /// <returns>Lines, each ended by a line feed.</returns>
    public static string Draw(Recording recording, bool allSteps = false)
    {
        List<Cell> cells = CellsOf(recording, allSteps || recording.Events.All(e => e.Text is null));
        if (cells.Count == 0)
        {
            cells = recording.Events.Where(e => e.Operation is not null).Select(e => new Cell(e.Cpu, e.Operation!)).ToList();
        }

        (int repeatsFrom, int repeatsTo) = string.Equals(recording.Violation?.Invariant, MachineInvariants.NoLivelock, StringComparison.Ordinal) ? RepetitionIn(cells) : default;
        List<int> actors = cells.Select(c => c.Actor).Distinct().Order().ToList();
        int width = actors.Count <= 2 ? WideColumn : NarrowColumn;
        var text = new StringBuilder();
        AppendRow(text, actors.Select((actor, column) => (column, recording.Actors[actor])), width);
        AppendRow(text, actors.Select((actor, column) => (column, new string('-', recording.Actors[actor].Length))), width);
        for (int i = 0; i < cells.Count; i++)
        {
            if (i == repeatsFrom && repeatsFrom < repeatsTo)
            {
                text.Append(CultureInfo.InvariantCulture, $"{new string(' ', Indent)}... {repeatsTo - repeatsFrom} more lines of the same kind ...\n");
                i = repeatsTo;
            }

            int column = actors.IndexOf(cells[i].Actor);
            bool isLast = i == cells.Count - 1 && recording.Violation is not null;
            List<string> lines = Wrap(cells[i].Text, WidthOf(column) - (isLast ? 1 : 0));
            foreach (string line in isLast ? lines[..^1] : lines)
            {
                AppendRow(text, [(column, line)], width);
            }

            if (isLast)
            {
                AppendConsequence(text, column, lines[^1], cells[i].Actor, recording.Violation!);
            }
        }

        return text.ToString();

        // The last column goes to the edge of the page; of three and more it may go beyond.
        int WidthOf(int column) => column < actors.Count - 1 ? width : Math.Max(actors.Count <= 2 ? 0 : width, PageWidth - Indent - (column * width));

        // Beside the last line where that is the violator's, else below it, in the violator's column.
        void AppendConsequence(StringBuilder into, int column, string line, int actor, Violation violation)
        {
            string consequence = "<- " + (violation.Consequence.Length == 0 ? violation.Message : violation.Consequence);
            bool isViolators = recording.Violator < 0 || recording.Violator == actor || !actors.Contains(recording.Violator);
            if (column + 1 < actors.Count && isViolators)
            {
                List<string> beside = Wrap(consequence, WidthOf(column + 1));
                AppendRow(into, [(column, line), (column + 1, beside[0])], width);
                foreach (string rest in beside.Skip(1))
                {
                    AppendRow(into, [(column + 1, rest)], width);
                }

                return;
            }

            int under = isViolators ? 0 : actors.IndexOf(recording.Violator);
            AppendRow(into, [(column, line)], width);
            foreach (string below in Wrap(consequence, isViolators ? PageWidth - Indent : WidthOf(under)))
            {
                AppendRow(into, [(under, below)], width);
            }
        }
    }

    private static List<Cell> CellsOf(Recording recording, bool allSteps)
    {
        bool isDeadlock = string.Equals(recording.Violation?.Invariant, MachineInvariants.NoDeadlock, StringComparison.Ordinal);
        HashSet<LockClass> shown = recording.Events
            .Where(e => e.Lock is not null && (e.Lock.IsHeadline || isDeadlock))
            .GroupBy(e => e.Lock!)
            .Where(g => g.Select(e => e.Cpu).Distinct().Count() > 1)
            .Select(g => g.Key)
            .ToHashSet();
        HashSet<int> overwriting = recording.Events.Where(e => e.OverwrittenAt != 0).Select(e => e.OverwrittenAt).ToHashSet();
        var cells = new List<Cell>();
        foreach (TraceEvent e in recording.Events)
        {
            if (e.Text is not null)
            {
                cells.Add(new Cell(e.Cpu, e.Text));
            }
            else if (e.Operation!.Contains(' ', StringComparison.Ordinal) && (allSteps || (e.Lock is not null && shown.Contains(e.Lock)) || e.OverwrittenAt != 0 || overwriting.Contains(e.Step)))
            {
                string step = overwriting.Contains(e.Step) ? string.Create(CultureInfo.InvariantCulture, $" (step {e.Step})") : "";
                cells.Add(new Cell(e.Cpu, Describe(e) + e.Old + step));
            }
        }

        return cells;
    }

    // From where on nothing new comes, some rounds of it shown, up to some lines before the end; numbers make nothing new.
    private static (int From, int To) RepetitionIn(List<Cell> cells)
    {
        var seen = new HashSet<(int, string)>();
        int from = 0;
        for (int i = 0; i < cells.Count; i++)
        {
            if (seen.Add((cells[i].Actor, new string(cells[i].Text.Where(c => !char.IsAsciiDigit(c)).ToArray()))))
            {
                from = i + 1;
            }
        }

        return (from + RepetitionShown, cells.Count - RepetitionShown);
    }

    private static string Describe(TraceEvent e)
    {
        string operation = e.Operation!;
        int space = operation.IndexOf(' ', StringComparison.Ordinal);
        string kind = operation[..space];
        string where = operation[(space + 1)..].Replace("[0]", "", StringComparison.Ordinal);
        return kind switch
        {
            nameof(OperationKind.Lock) => e.Lock is { MaySleep: false } ? $"  spin_lock({where})" : $"  lock({where})",
            nameof(OperationKind.Unlock) => $"  unlock({where})",
            nameof(OperationKind.ReadLock) => $"  read_lock({where})",
            nameof(OperationKind.ReadUnlock) => $"  read_unlock({where})",
            nameof(OperationKind.WriteOnce) or nameof(OperationKind.StoreRelease) => $"{where} = {e.Value}",
            nameof(OperationKind.ReadOnce) or nameof(OperationKind.LoadAcquire) or nameof(OperationKind.HardwareRead) => $"{where} => {e.Value}",
            nameof(OperationKind.WaitUntilEqual) or nameof(OperationKind.WaitUntilNotEqual) => $"wait({where}) => {e.Value}",
            _ => $"{kind}({where}) => {e.Value}",
        };
    }

    private static List<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        string rest = text;
        int margin = text.Length - text.TrimStart().Length;
        string hanging = new string(' ', margin + 4);
        while (rest.Length > width)
        {
            int cut = rest.LastIndexOf(' ', width);
            if (cut <= margin)
            {
                cut = rest.IndexOf(' ', Math.Max(width, margin)); // a word that is too long goes over the edge
            }

            if (cut < 0)
            {
                break;
            }

            lines.Add(rest[..cut]);
            margin = hanging.Length;
            rest = hanging + rest[(cut + 1)..].TrimStart();
        }

        lines.Add(rest);
        return lines;
    }

    private static void AppendRow(StringBuilder text, IEnumerable<(int Column, string Text)> cells, int width)
    {
        var row = new StringBuilder(new string(' ', Indent));
        foreach ((int column, string cell) in cells)
        {
            int start = Indent + (column * width);
            if (row.Length > start)
            {
                row.Append("  ");
            }

            while (row.Length < start)
            {
                row.Append(' ');
            }

            row.Append(cell);
        }

        text.Append(row.ToString().TrimEnd()).Append('\n');
    }

    private readonly record struct Cell(int Actor, string Text);
}
