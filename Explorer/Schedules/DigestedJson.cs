using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MmuStress.Explorer;

/// <summary>JSON files that a person can read, written whole or not at all, with a digest that tells when they were edited.</summary>
internal static class DigestedJson
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's text.</summary>
    public static string ToText(JsonObject json)
    {
        json["digest"] = DigestOf(json);
        return json.ToJsonString(Layout) + "\n";
    }

    /// <summary>Writes a file; an existing one is replaced at once.</summary>
    public static void Write(JsonObject json, string path)
    {
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        string temporary = $"{full}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllText(temporary, ToText(json));
            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Reads a file of the format <c>mmu-stress</c> <paramref name="kind"/> with <paramref name="read"/>.</summary>
    /// <exception cref="ScheduleFormatException">It is none, or was truncated or edited.</exception>
    public static T Read<T>(string path, string kind, int version, Func<JsonObject, T> read)
    {
        string text = File.ReadAllText(path);
        try
        {
            return read(Check(text, kind, version));
        }
        catch (Exception e) when (e is not ScheduleFormatException) // whatever parsing makes of it
        {
            throw new ScheduleFormatException($"it is not a {kind}, or not a whole one");
        }
    }

    /// <summary>16 digits of a SHA-256.</summary>
    public static string DigestOf(JsonObject json) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json.ToJsonString())))[..16];

    private static JsonObject Check(string text, string kind, int version)
    {
        JsonObject json = JsonNode.Parse(text)!.AsObject();
        if (!string.Equals((string?)json["format"], $"mmu-stress {kind}", StringComparison.Ordinal))
        {
            throw new ScheduleFormatException($"it is not a {kind}");
        }

        if ((int)json["version"]! != version)
        {
            throw new ScheduleFormatException($"it is a {kind} of format version {(int)json["version"]!}, this tool reads version {version}");
        }

        string digest = (string)json["digest"]!;
        json.Remove("digest");
        return string.Equals(digest, DigestOf(json), StringComparison.Ordinal)
            ? json
            : throw new ScheduleFormatException("it was edited after it was saved: its digest does not match");
    }
}
