using System.Globalization;
using System.Text;
using System.Text.Json;
using MmuStress.Mmu;
using static MmuStress.Scenarios.ScenarioFileOperations;

namespace MmuStress.Scenarios;

/// <summary>Reads scenario files. Whatever is wrong with one is said in one line that names the file and the place.</summary>
public static class ScenarioFileReader
{
    private const int LargestFile = 1 << 24;
    private const int Depth = 16;
    private const int MostNameLetters = 80;

    private static readonly string[] FileKeys = ["format", "version", "name", "summary", "source", "windows", "backing", "slots", "untouched", "mapped", "actors", "invariants"];
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a scenario file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="ScenarioFileException">It is none, makes no sense, or cannot be read.</exception>
    public static ScenarioFile Read(string path)
    {
        string text;
        try
        {
            text = Load(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ScenarioFileException($"{path}: there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ScenarioFileException($"{path}: it cannot be read: {e.Message.ReplaceLineEndings(" ")}");
        }

        return Parse(text, path);
    }

    /// <summary>Reads the text of a scenario file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The file's path, or whatever else messages begin with; a file without a name is called after it.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="ScenarioFileException">It is none, or makes no sense.</exception>
    public static ScenarioFile Parse(string text, string path)
    {
        try
        {
            using JsonDocument document = Open(text);
            ScenarioFile file = FileOf(document.RootElement, path);
            ScenarioFileRules.Require(file);
            return file;
        }
        catch (ScenarioFileException e)
        {
            throw new ScenarioFileException($"{path}: {e.Message}");
        }
        catch (InvalidOperationException) // half a surrogate pair, as an escape
        {
            throw new ScenarioFileException($"{path}: it has text that is not Unicode");
        }
    }

    private static string Load(string path)
    {
        if (Directory.Exists(path))
        {
            throw new ScenarioFileException($"{path}: it is a folder, not a scenario file");
        }

        var info = new FileInfo(path);
        if (info.Exists && info.Length > LargestFile)
        {
            throw new ScenarioFileException(string.Create(CultureInfo.InvariantCulture, $"{path}: it has {info.Length} bytes; a scenario file has at most {LargestFile}"));
        }

        try
        {
            return Utf8.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw new ScenarioFileException($"{path}: it is not text");
        }
    }

    private static JsonDocument Open(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new ScenarioFileException("it is empty");
        }

        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Depth });
        }
        catch (JsonException e)
        {
            throw new ScenarioFileException(string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}: it is not JSON: {Reason(e)}"));
        }
    }

    // "'x' is invalid after a value. Expected either ',', '}', or ']'. LineNumber: 3 | BytePositionInLine: 2."
    private static string Reason(JsonException e) => e.Message.Split(" LineNumber:", 2)[0].Replace(" Change the reader options.", "", StringComparison.Ordinal).ReplaceLineEndings(" ").TrimEnd('.');

    private static ScenarioFile FileOf(JsonElement json, string path)
    {
        var part = new ScenarioFilePart(json, "");
        if (!part.Has("format") || !string.Equals(part.Text("format"), ScenarioFile.Format, StringComparison.Ordinal))
        {
            throw new ScenarioFileException($"it is not a scenario file: its 'format' is not '{ScenarioFile.Format}'");
        }

        ulong version = part.Number("version", 1, uint.MaxValue);
        if (version != ScenarioFile.Version)
        {
            throw new ScenarioFileException(string.Create(CultureInfo.InvariantCulture, $"it is of format version {version}, this tool reads version {ScenarioFile.Version}"));
        }

        part.RequireKeys(FileKeys);
        return new ScenarioFile
        {
            Name = part.OptionalText("name") ?? NameOf(path),
            Summary = part.OptionalText("summary") ?? "",
            Source = part.OptionalText("source") ?? "",
            Windows = part.OptionalNumber("windows", 1, uint.MaxValue),
            Backing = part.OptionalText("backing") ?? ScenarioFile.Backings[0],
            Slots = part.List("slots", SlotOf),
            Untouched = part.OptionalList("untouched", PagesOf) ?? [],
            Mapped = part.OptionalList("mapped", MappingOf) ?? [],
            Actors = part.List("actors", ActorOf),
            Invariants = part.OptionalList("invariants", ScenarioFilePart.TextOf),
        };
    }

    // "Fault_vs unmap.scenario.json" is called fault-vs-unmap.
    private static string NameOf(string path)
    {
        string name = Path.GetFileName(path);
        name = name.EndsWith(ScenarioFile.Extension, StringComparison.Ordinal) ? name[..^ScenarioFile.Extension.Length] : name;
        string letters = string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '-'));
        letters = letters[..Math.Min(letters.Length, MostNameLetters)].Trim('-');
        return letters.Length == 0 ? "scenario" : letters;
    }

    private static ScenarioFileSlot SlotOf(JsonElement json, string place)
    {
        var part = new ScenarioFilePart(json, place, SlotKey, GfnKey, PagesKey, PageKey, FlagsKey);
        ulong gfn = Frame(part, GfnKey);
        return new ScenarioFileSlot(SlotNumber(part), gfn, Count(part), part.Has(PageKey) ? Frame(part, PageKey) : gfn, Flags(part));
    }

    private static ScenarioFilePages PagesOf(JsonElement json, string place)
    {
        var part = new ScenarioFilePart(json, place, PageKey, PagesKey);
        return new ScenarioFilePages(Frame(part, PageKey), part.Has(PagesKey) ? Count(part) : 1);
    }

    private static ScenarioFileMapping MappingOf(JsonElement json, string place)
    {
        var part = new ScenarioFilePart(json, place, GfnKey, PagesKey, "write");
        return new ScenarioFileMapping(Frame(part, GfnKey), part.Has(PagesKey) ? Count(part) : 1, part.Flag("write"));
    }

    private static ScenarioFileActor ActorOf(JsonElement json, string place)
    {
        var part = new ScenarioFilePart(json, place, "name", "kind", "does");
        string kind = part.Text("kind");
        return Kinds.Contains(kind, StringComparer.Ordinal)
            ? new ScenarioFileActor(part.Text("name"), kind, part.List("does", (operation, at) => OperationOf(operation, at, kind)))
            : throw ScenarioFilePart.Problem(place, $"unknown kind {ScenarioFilePart.Quoted(kind)} (there are: {string.Join(", ", Kinds)})");
    }

    private static ScenarioFileOperation OperationOf(JsonElement json, string place, string kind)
    {
        var part = new ScenarioFilePart(json, place);
        string name = part.Text("do");
        ScenarioFileForm form = Find(kind, name)
            ?? throw ScenarioFilePart.Problem(place, $"unknown operation {ScenarioFilePart.Quoted(name)} ({kind} actors have: {NamesOf(kind)})");
        part.RequireKeys(["do", .. form.Required, .. form.Optional]);
        foreach (string key in form.Required)
        {
            part.RequireKey(key);
        }

        return new ScenarioFileOperation(name)
        {
            Gfn = part.Has(GfnKey) ? Frame(part, GfnKey) : null,
            Page = part.Has(PageKey) ? Frame(part, PageKey) : null,
            Pages = part.Has(PagesKey) ? Count(part) : null,
            To = part.Has(ToKey) ? Frame(part, ToKey) : null,
            With = part.Has(WithKey) ? Frame(part, WithKey) : null,
            Slot = part.Has(SlotKey) ? SlotNumber(part) : null,
            Flags = part.Has(FlagsKey) ? Flags(part) : null,
        };
    }

    private static ulong Frame(ScenarioFilePart part, string key) => part.Number(key, 0, ScenarioFile.MostPages - 1);

    private static ulong Count(ScenarioFilePart part) => part.Number(PagesKey, 1, ScenarioFile.MostPages);

    private static int SlotNumber(ScenarioFilePart part) => (int)part.Number(SlotKey, 0, Kvm.MemSlotsNum - 1);

    private static MemslotFlags Flags(ScenarioFilePart part)
    {
        MemslotFlags flags = MemslotFlags.None;
        foreach (MemslotFlags flag in part.OptionalList(FlagsKey, FlagOf) ?? [])
        {
            flags |= flag;
        }

        return flags;
    }

    private static MemslotFlags FlagOf(JsonElement json, string place) => ScenarioFilePart.TextOf(json, place) switch
    {
        "logDirtyPages" => MemslotFlags.LogDirtyPages,
        "readonly" => MemslotFlags.ReadOnly,
        string other => throw ScenarioFilePart.Problem(place, $"unknown flag {ScenarioFilePart.Quoted(other)} (there are: logDirtyPages, readonly)"),
    };
}
