using System.Globalization;
using System.Text.Json.Nodes;
using MmuStress.Explorer;
using MmuStress.Litmus;
using Spectre.Console;

namespace MmuStress.Cli;

/// <summary>What came of litmus tests, for people and for scripts.</summary>
internal sealed class LitmusReport(IReadOnlyList<LitmusOutcome> outcomes, string memory, bool compares)
{
    private readonly List<LitmusOutcome> refused = [.. outcomes.Where(o => o.IsRefused)];
    private readonly List<LitmusOutcome> disagreed = [.. outcomes.Where(o => compares && o.IsCompared && !o.Agrees)];
    private readonly List<LitmusOutcome> forgiven = [.. outcomes.Where(o => compares && o.IsCompared && o.Result!.IsForgiven(o.Expected!))];
    private readonly int agreed = outcomes.Count(o => compares && o.Agrees);

    /// <summary>Prints it.</summary>
    /// <param name="asJson">Whether as one JSON object.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">There is one file only, and it is no litmus test.</exception>
    public int Print(bool asJson, Surroundings surroundings)
    {
        if (outcomes is [{ IsUnreadable: true } only])
        {
            throw new UsageException($"{only.File}: {only.Reason}");
        }

        if (asJson)
        {
            ResultJson.Print(Json(), surroundings.Out);
        }
        else
        {
            surroundings.Out.Write(Text());
            foreach (LitmusOutcome outcome in refused)
            {
                surroundings.Error.Write($"mmu-stress: {outcome.File}: {outcome.Reason}\n");
            }
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted
            : disagreed.Count > 0 ? ExitCode.Violated
            : refused.Count > 0 ? ExitCode.Undecided
            : ExitCode.Held;
    }

    // By the names that they have in the kernel's model.
    private static readonly (LkmmFlags Flag, string Name)[] FlagNames =
    [
        (LkmmFlags.DataRace, "data-race"),
        (LkmmFlags.MixedAccesses, "mixed-accesses"),
        (LkmmFlags.UnbalancedRcuLocking, "unbalanced-rcu-locking"),
        (LkmmFlags.UnmatchedSrcuLock, "unmatched-srcu-lock"),
        (LkmmFlags.UnmatchedSrcuUnlock, "unmatched-srcu-unlock"),
        (LkmmFlags.MultipleSrcuMatches, "multiple-srcu-matches"),
        (LkmmFlags.SrcuBadValueMatch, "srcu-bad-value-match"),
        (LkmmFlags.InvalidSleep, "invalid-sleep"),
    ];

    private static string Warnings(LkmmFlags flags) => string.Concat(FlagNames.Where(f => flags.HasFlag(f.Flag)).Select(f => $"flag {f.Name}\n"));

    private static string Seen(LitmusOutcome outcome) => outcome.Result?.Summary ?? "refused";

    private static JsonArray Comparisons(List<LitmusOutcome> list) =>
        new([.. list.Select(o => new JsonObject { ["file"] = o.File, ["expected"] = o.Expected!.ToString(), ["seen"] = Seen(o) })]);

    private JsonObject Json() => new()
    {
        ["command"] = "litmus",
        ["memory"] = memory,
        ["files"] = outcomes.Count,
        ["accepted"] = outcomes.Count - refused.Count,
        ["agreed"] = agreed,
        ["disagreed"] = Comparisons(disagreed),
        ["refused"] = new JsonArray([.. refused.Select(o => new JsonObject { ["file"] = o.File, ["reason"] = o.Reason })]),
        ["forgiven"] = Comparisons(forgiven),
        ["results"] = new JsonArray([.. outcomes.Where(o => !o.IsRefused).Select(o => new JsonObject
        {
            ["file"] = o.File,
            ["seen"] = Seen(o),
            ["expected"] = o.Expected?.ToString(),
            ["states"] = o.Result!.States.Count,
            ["allStates"] = o.Result.AreAllStates,
            ["checks"] = o.Result.Checks,
            ["seconds"] = ResultJson.Seconds(o.Seconds),
        })]),
    };

    private string Text()
    {
        string summary = $"{Quantity.Count(outcomes.Count, "test")}: {outcomes.Count - refused.Count} decided, {refused.Count} refused"
            + (compares ? $", {agreed} agree, {disagreed.Count} disagree" + (forgiven.Count > 0 ? $", {forgiven.Count} of those that agree for the sake of a data race" : "") : "") + $"   memory {memory}\n";
        return outcomes switch
        {
            [{ Result: { } result } only] => States(result) + $"{only.File}: {Seen(only)}{Comparison(only)}   memory {memory}\n",
            [_] => "",
            _ => TableText.Of(Table()) + summary,
        };
    }

    private string Comparison(LitmusOutcome outcome) => !compares ? ""
        : outcome.Expected is null ? ", the file expects nothing"
        : forgiven.Contains(outcome) ? $", the file expects {outcome.Expected}: forgiven, because of the data race"
        : outcome.Agrees ? ", as the file expects"
        : $", the file expects {outcome.Expected}";

    // As herd does it, with a star where the condition holds.
    private static string States(LitmusResult result)
    {
        string head = Quantity.Count(result.States.Count, "state") + (result.AreAllStates ? "" : ", not all of them") + "\n";
        return head + string.Concat(result.States.Select(s => $"  {(s.MeetsCondition ? "*" : " ")} {s.Text}\n")) + Warnings(result.Flags)
            + string.Concat(result.Remarks.Select(r => $"note {r}\n"));
    }

    private Grid Table()
    {
        var grid = new Grid();
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0), Alignment = Justify.Right });
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        grid.AddColumn(new GridColumn { NoWrap = true });
        grid.AddRow("file", "states", "verdict", "expected", "");
        foreach (LitmusOutcome outcome in outcomes)
        {
            string states = outcome.Result is { } result
                ? result.States.Count.ToString(CultureInfo.InvariantCulture) + (result.AreAllStates ? " " : "+")
                : "";
            string note = disagreed.Contains(outcome) ? "DISAGREES" : forgiven.Contains(outcome) ? "forgiven: data race" : "";
            grid.AddRow(Markup.Escape(outcome.File), states, Seen(outcome), outcome.Expected?.ToString() ?? "-", note);
        }

        return grid;
    }
}
