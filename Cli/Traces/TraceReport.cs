using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using MmuStress.Explorer;
using MmuStress.Traces;

namespace MmuStress.Cli;

/// <summary>What traces show, for people and for scripts.</summary>
/// <param name="files">The files, and in which time each was read.</param>
/// <param name="import">What was imported; null where nothing was to be.</param>
internal sealed class TraceReport(IReadOnlyList<(string File, TraceSummary Summary, double Seconds)> files, WindowImport? import)
{
    private const int MostVmsShown = 16;
    private const int MostUnknownShown = 5;
    private const double Median = 0.5;
    private const double Most = 0.99;

    /// <summary>Prints it.</summary>
    /// <param name="asJson">Whether as one JSON object.</param>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The exit code.</returns>
    public int Print(bool asJson, Surroundings surroundings)
    {
        if (asJson)
        {
            var result = new JsonObject { ["command"] = "trace", ["files"] = new JsonArray([.. files.Select((f, i) => Json(f.File, f.Summary, f.Seconds, ImportedOf(i)))]) };
            if (import is not null)
            {
                result["imports"] = new JsonArray([.. import.Files.Select(f => new JsonObject { ["file"] = f.Path, ["kind"] = f.Kind, ["windows"] = f.Windows, ["source"] = f.Source })]);
                result["leftOut"] = new JsonArray([.. import.Windows.LeftOut.Select(l => new JsonObject { ["reason"] = l.Key, ["windows"] = l.Value })]);
            }

            ResultJson.Print(result, surroundings.Out);
        }
        else
        {
            surroundings.Out.Write(string.Join('\n', files.Select(f => Text(f.File, f.Summary))) + ImportText());
        }

        return surroundings.IsInterrupted ? ExitCode.Interrupted
            : files.Any(f => f.Summary.Verdict == TraceVerdict.NotExplained) ? ExitCode.Violated
            : files.Any(f => f.Summary.Verdict == TraceVerdict.Undecided) ? ExitCode.Undecided
            : ExitCode.Held;
    }

    private static string VerdictName(TraceVerdict verdict) => verdict switch
    {
        TraceVerdict.Explained => "explained",
        TraceVerdict.NotExplained => "notExplained",
        _ => "undecided",
    };

    private int ImportedOf(int trace) => import?.Files.Count(f => f.Trace == trace) ?? 0;

    private string ImportText()
    {
        if (import is null)
        {
            return "";
        }

        var text = new StringBuilder();
        text.Append(Invariant($"\nimported {Quantity.Count(import.Files.Sum(f => f.Windows), "window")} as {Quantity.Count(import.Files.Count, "scenario file")} in {import.Folder}\n"));
        int width = import.Files.Select(f => Path.GetFileName(f.Path).Length).DefaultIfEmpty().Max();
        foreach (ImportedFile file in import.Files)
        {
            text.Append(Invariant($"  {Path.GetFileName(file.Path).PadRight(width)}  {Quantity.Count(file.Windows, "window").PadRight(12)}{(file.Windows == 1 ? "" : "first ")}{file.Source}\n"));
        }

        foreach ((string reason, long count) in import.Windows.LeftOut)
        {
            text.Append(Invariant($"  {Quantity.Count(count, "window")} left out: {reason}\n"));
        }

        return text.ToString();
    }

    private static JsonObject Json(string file, TraceSummary s, double seconds, int imported) => new()
    {
        ["file"] = file,
        ["lines"] = s.Lines,
        ["events"] = s.Events,
        ["unknown"] = s.Unknown,
        ["lost"] = s.Lost,
        ["vcpus"] = s.Vcpus,
        ["faults"] = s.Total.Faults,
        ["retries"] = s.Total.Retries,
        ["invalidations"] = s.Total.Invalidations,
        ["staleVerdicts"] = s.Total.StaleVerdicts,
        ["staleAgreed"] = s.Total.StaleAgreed,
        ["verdict"] = VerdictName(s.Verdict),
        ["firstUnexplained"] = s.First is { } first ? new JsonObject { ["line"] = first.Line, ["message"] = first.Message } : null,
        ["imported"] = imported,
        ["seconds"] = ResultJson.Seconds(seconds),
        ["vms"] = s.VmCount,
        ["gaps"] = s.Gaps,
        ["retriesFromStock"] = s.Total.StockRetries,
        ["retriesMissed"] = s.Total.MissedRetries,
        ["retriesFalse"] = s.Total.FalseRetries,
        ["invalidationsOfSlots"] = s.Total.InvalidationsOfSlots,
        ["overlapsFault"] = s.Total.OverlapsFault,
        ["overlapsInvalidation"] = s.Total.OverlapsInvalidation,
        ["staleByObsoleteRoot"] = s.Total.StaleByObsoleteRoot,
        ["unexplained"] = s.UnexplainedCount,
        ["episodesSearched"] = s.EpisodesSearched,
    };

    private static string Text(string file, TraceSummary s)
    {
        var text = new StringBuilder();
        string lost = s.Lost == 0 ? "none lost" : Invariant($"{s.Lost} lost in {s.Gaps} place{(s.Gaps == 1 ? "" : "s")}: nothing is concluded across");
        text.Append(Invariant($"{file}: {Verdict(s)}\n"));
        text.Append(Invariant($"  {s.Lines} lines, {s.Events} events, {s.Unknown} of an unknown name{UnknownNames(s)}, {lost}{(s.IsInterrupted ? "; interrupted" : "")}\n"));
        if (s.First?.Recording is { } unexplained)
        {
            text.Append(Invariant($"\n  what no order of the unseen steps explains:\n\n")).Append(RaceDiagram.Draw(unexplained));
        }

        foreach (VmSummary vm in s.Vms.Take(MostVmsShown))
        {
            text.Append(Invariant($"\n  VM {vm.Number}, {vm.Owner}, from line {vm.FirstLine}: {Quantity.Count(vm.Vcpus, "vCPU")}\n"));
            AppendCounts(text, vm.Counts, s);
            foreach (string slot in vm.Memslots)
            {
                text.Append(Invariant($"    {slot}\n"));
            }
        }

        if (s.VmCount > 1)
        {
            text.Append(Invariant($"\n  all {s.VmCount} VMs: {Quantity.Count(s.Vcpus, "vCPU")}\n"));
            AppendCounts(text, s.Total, s);
        }

        foreach (TraceRace race in s.Races)
        {
            text.Append(Invariant($"\n  {Time(race.Distance, s)} between the fault of line {race.Line}{(race.IsRetried ? ", tried again," : "")} and an invalidation:\n\n"));
            text.Append(RaceDiagram.Draw(race.Recording));
        }

        return text.ToString();
    }

    private static string Verdict(TraceSummary s) => s.Verdict switch
    {
        TraceVerdict.Explained => "explained",
        TraceVerdict.NotExplained => Invariant($"not explained: line {s.First!.Line}: {s.First.Message}{(s.UnexplainedCount > 1 ? Invariant($" (and {s.UnexplainedCount - 1} more)") : "")}"),
        _ when s.IsInterrupted => "undecided: interrupted",
        _ => Invariant($"undecided: line {s.FirstUndecided!.Line}: {s.FirstUndecided.Message}"),
    };

    private static string UnknownNames(TraceSummary s) => s.Unknown == 0 ? ""
        : " (" + string.Join(", ", s.UnknownNames.OrderByDescending(u => u.Value).ThenBy(u => u.Key, StringComparer.Ordinal).Take(MostUnknownShown).Select(u => u.Key))
            + (s.UnknownNames.Count > MostUnknownShown ? ", ..." : "") + ")";

    private static void AppendCounts(StringBuilder text, TraceCounts c, TraceSummary s)
    {
        Row("faults", Invariant($"{c.Faults}: {c.WriteFaults} writes, {c.FetchFaults} fetches; {Times(c.FaultTimes, s)}"));
        Row("", Invariant($"{c.Fixed} fixed, {c.Fast} fast, {c.Spurious} spurious, {c.LostRaces} found it done, {c.Emulated} without a slot, {c.Async} waited, {c.Failed} failed, {c.Unfinished} unfinished"));
        Row("retries", Invariant($"{c.Retries}")
            + (c.FaultResults > 0 ? Invariant($" by fault_ret; {c.StockRetries} by stock events: {c.MissedRetries} missed, {c.FalseRetries} false") : " by stock events"));
        Row("invalidations", Invariant($"{c.Invalidations}{(s.HasProbes ? Invariant($", {c.InvalidationsOfSlots} of memslots") : "")}, {c.OwnInvalidations} by vCPUs; {(s.HasProbes ? "" : "at most ")}{Times(c.InvalidationTimes, s)}"));
        Row("", Invariant($"{c.OverlapsFault} overlapped a fault in flight, {c.OverlapsInvalidation} one another; {c.ChangePte} change_pte, {c.Aged} aging"));
        Row("SPTEs", Invariant($"{c.SptesInstalled} installed, {c.SptesZapped} zapped, {c.SptesChanged} changed, {c.SptesWriteProtected} of them write-protected; lives {Times(c.SpteLives, s)}"));
        Row("page tables", Invariant($"{c.TablesLinked} linked, {c.TablesRemoved} removed, roots made obsolete {c.RootInvalidations} times"));
        if (c.StaleVerdicts > 0)
        {
            Row("staleness", Invariant($"{c.StaleVerdicts} verdicts, {c.StaleAgreed} as the rule says, {c.StaleByObsoleteRoot} of them because of an obsolete root"));
        }

        Row("dirty log", Invariant($"{c.DirtyLogRounds} rounds, {c.DirtyPages} pages{(c.DirtyRing > 0 ? Invariant($", {c.DirtyRing} events of rings") : "")}"));
        Row("memslots", Invariant($"{c.SlotChanges[0]} created, {c.SlotChanges[1]} deleted, {c.SlotChanges[2]} moved, {c.SlotChanges[3]} with other flags"));

        void Row(string name, string value) => text.Append("    ").Append(name.PadRight(15)).Append(value).Append('\n');
    }

    private static string Times(LogHistogram h, TraceSummary s) =>
        h.Count == 0 ? "no times" : $"p50 {Time(h.Percentile(Median), s)}, p99 {Time(h.Percentile(Most), s)}, longest {Time(h.Largest, s)}";

    // A clock that counts has no unit.
    private static string Time(long time, TraceSummary s) => s.IsCounted ? Invariant($"{time} events")
        : time < 10_000_000 ? Invariant($"{time / 1000.0:0.#} us") : Invariant($"{time / 1e6:0.#} ms");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
