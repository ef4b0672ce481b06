using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MmuStress.Mmu;
using static MmuStress.Scenarios.ScenarioFileOperations;

namespace MmuStress.Scenarios;

/// <summary>Writes scenario files as a person would: a memslot, a mapping, an operation to a line.</summary>
public static class ScenarioFileWriter
{
    private static readonly JsonSerializerOptions OnOneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's text. The same file always has the same text.</summary>
    /// <param name="file">What it says.</param>
    /// <returns>JSON.</returns>
    /// <exception cref="ScenarioFileException">It makes no sense.</exception>
    public static string ToText(ScenarioFile file)
    {
        ScenarioFileRules.Require(file);
        var text = new StringBuilder("{\n");
        Entry(text, "format", Quoted(ScenarioFile.Format));
        Entry(text, "version", Number(ScenarioFile.Version));
        Entry(text, "name", Quoted(file.Name));
        OptionalText(text, "summary", file.Summary);
        OptionalText(text, "source", file.Source);
        if (file.Windows is { } windows)
        {
            Entry(text, "windows", Number(windows));
        }

        if (!string.Equals(file.Backing, ScenarioFile.Backings[0], StringComparison.Ordinal))
        {
            Entry(text, "backing", Quoted(file.Backing));
        }

        Entry(text, "slots", Lines("  ", file.Slots.Select(SlotOf)));
        OptionalList(text, "untouched", file.Untouched.Select(p => Object(("page", Number(p.Page)), ("pages", Number(p.Pages)))));
        OptionalList(text, "mapped", file.Mapped.Select(m => Object(("gfn", Number(m.Gfn)), ("pages", Number(m.Pages)), ("write", m.Write ? "true" : "false"))));
        Entry(text, "actors", Lines("  ", file.Actors.Select(ActorOf)));
        if (file.Invariants is { } invariants)
        {
            Entry(text, "invariants", $"[{string.Join(", ", invariants.Select(Quoted))}]");
        }

        text.Length -= ",\n".Length;
        return text.Append("\n}\n").ToString();
    }

    /// <summary>The same without spaces and line feeds, to be part of another file.</summary>
    /// <param name="file">What it says.</param>
    /// <returns>JSON on one line.</returns>
    /// <exception cref="ScenarioFileException">It makes no sense.</exception>
    public static string ToLine(ScenarioFile file)
    {
        using JsonDocument document = JsonDocument.Parse(ToText(file));
        return JsonSerializer.Serialize(document, OnOneLine);
    }

    /// <summary>Writes a scenario file, whole or not at all.</summary>
    /// <param name="file">What it says.</param>
    /// <param name="path">Where; an existing file is replaced at once.</param>
    /// <exception cref="ScenarioFileException">It makes no sense.</exception>
    /// <exception cref="IOException">It cannot be written; nothing is changed then.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(ScenarioFile file, string path)
    {
        string text = ToText(file);
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        string temporary = string.Create(CultureInfo.InvariantCulture, $"{full}.{Environment.ProcessId}.tmp");
        try
        {
            File.WriteAllText(temporary, text);
            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static void Entry(StringBuilder text, string key, string value) => text.Append("  \"").Append(key).Append("\": ").Append(value).Append(",\n");

    private static void OptionalText(StringBuilder text, string key, string value)
    {
        if (value.Length != 0)
        {
            Entry(text, key, Quoted(value));
        }
    }

    private static void OptionalList(StringBuilder text, string key, IEnumerable<string> lines)
    {
        if (lines.Any())
        {
            Entry(text, key, Lines("  ", lines));
        }
    }

    private static string SlotOf(ScenarioFileSlot slot) => Object(
        [
            (SlotKey, Number(slot.Slot)),
            (GfnKey, Number(slot.Gfn)),
            (PagesKey, Number(slot.Pages)),
            (PageKey, Number(slot.Page)),
            .. slot.Flags == MemslotFlags.None ? [] : new[] { (FlagsKey, FlagsOf(slot.Flags)) },
        ]);

    private static string ActorOf(ScenarioFileActor actor)
    {
        string does = Lines("    ", actor.Does.Select(OperationOf));
        return $"{{ \"name\": {Quoted(actor.Name)}, \"kind\": {Quoted(actor.Kind)}, \"does\": {does} }}";
    }

    private static string OperationOf(ScenarioFileOperation operation)
    {
        var entries = new List<(string Key, string Value)> { ("do", Quoted(operation.Do)) };
        Add(SlotKey, operation.Slot is { } slot ? Number(slot) : null);
        Add(GfnKey, Number(operation.Gfn));
        if (operation.Slot is not null)
        {
            Add(PagesKey, Number(operation.Pages)); // as a memslot has them
            Add(PageKey, Number(operation.Page));
        }
        else
        {
            Add(PageKey, Number(operation.Page));
            Add(PagesKey, Number(operation.Pages));
        }

        Add(ToKey, Number(operation.To));
        Add(WithKey, Number(operation.With));
        Add(FlagsKey, operation.Flags is { } flags ? FlagsOf(flags) : null);
        return Object([.. entries]);

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                entries.Add((key, value));
            }
        }
    }

    private static string FlagsOf(MemslotFlags flags)
    {
        IEnumerable<string> names = [.. Named(MemslotFlags.LogDirtyPages, "logDirtyPages"), .. Named(MemslotFlags.ReadOnly, "readonly")];
        return $"[{string.Join(", ", names.Select(Quoted))}]";

        string[] Named(MemslotFlags flag, string name) => (flags & flag) == MemslotFlags.None ? [] : [name];
    }

    private static string Lines(string indent, IEnumerable<string> lines) => $"[\n{indent}  {string.Join($",\n{indent}  ", lines)}\n{indent}]";

    private static string Object(params IReadOnlyList<(string Key, string Value)> entries) => $"{{ {string.Join(", ", entries.Select(e => $"\"{e.Key}\": {e.Value}"))} }}";

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Number(ulong? number) => number is { } value ? Number(value) : null;
}
