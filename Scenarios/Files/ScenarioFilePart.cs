using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MmuStress.Scenarios;

/// <summary>A JSON object of a scenario file and where in the file it is. Whatever is wrong with it is said with that place.</summary>
internal readonly struct ScenarioFilePart
{
    private const int LongestQuoted = 40;

    private readonly JsonElement json;
    private readonly string place;

    /// <summary>An object with certain keys.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="place">Where it is: "slots[1]"; empty for the whole file.</param>
    /// <param name="keys">The keys that it can have.</param>
    /// <exception cref="ScenarioFileException">It is no object, or has another key, or one twice.</exception>
    public ScenarioFilePart(JsonElement json, string place, params IReadOnlyList<string> keys)
        : this(json, place)
    {
        RequireKeys(keys);
    }

    /// <summary>An object with keys that are not known yet.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="place">Where it is.</param>
    /// <exception cref="ScenarioFileException">It is no object.</exception>
    public ScenarioFilePart(JsonElement json, string place)
    {
        this.json = json;
        this.place = place;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Problem(place, $"must be an object, not {Quoted(json)}");
        }
    }

    /// <summary>Refuses keys that are not known, and keys that are given twice.</summary>
    /// <param name="keys">The keys that it can have.</param>
    /// <exception cref="ScenarioFileException">There is one.</exception>
    public void RequireKeys(IReadOnlyList<string> keys)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (!keys.Contains(property.Name, StringComparer.Ordinal))
            {
                throw Problem(place, $"unknown key {Quoted(property.Name)} (there are: {string.Join(", ", keys)})");
            }

            if (!seen.Add(property.Name))
            {
                throw Problem(place, $"{Quoted(property.Name)} is given twice");
            }
        }
    }

    /// <summary>Refuses an object without a key.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="ScenarioFileException">It is missing.</exception>
    public void RequireKey(string key) => _ = Required(key);

    /// <summary>Whether a key is there.</summary>
    /// <param name="key">The key.</param>
    /// <returns>True where it is.</returns>
    public bool Has(string key) => json.TryGetProperty(key, out _);

    /// <summary>A whole number.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ScenarioFileException">It is missing, or no such number.</exception>
    public ulong Number(string key, ulong least, ulong most)
    {
        JsonElement value = Required(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number) && number >= least && number <= most
            ? number
            : throw Problem(At(key), string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}, not {Quoted(value)}"));
    }

    /// <summary>The same where it may be left out.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be.</param>
    /// <returns>The number; null where it is left out.</returns>
    /// <exception cref="ScenarioFileException">It is no such number.</exception>
    public ulong? OptionalNumber(string key, ulong least, ulong most) => Has(key) ? Number(key, least, most) : null;

    /// <summary>True or false.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>The value; false where it is left out.</returns>
    /// <exception cref="ScenarioFileException">It is neither.</exception>
    public bool Flag(string key)
    {
        if (!json.TryGetProperty(key, out JsonElement value))
        {
            return false;
        }

        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Problem(At(key), $"must be true or false, not {Quoted(value)}"),
        };
    }

    /// <summary>One line of text.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ScenarioFileException">It is missing, no text, or has several lines.</exception>
    public string Text(string key) => TextOf(Required(key), At(key));

    /// <summary>The same where it may be left out.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>The text; null where it is left out.</returns>
    /// <exception cref="ScenarioFileException">It is no text, or has several lines.</exception>
    public string? OptionalText(string key) => Has(key) ? Text(key) : null;

    /// <summary>A list.</summary>
    /// <typeparam name="T">What is in it.</typeparam>
    /// <param name="key">Its key.</param>
    /// <param name="read">Reads an element at a place.</param>
    /// <returns>The elements.</returns>
    /// <exception cref="ScenarioFileException">It is missing, no list, or an element is wrong.</exception>
    public IReadOnlyList<T> List<T>(string key, Func<JsonElement, string, T> read)
    {
        JsonElement list = Required(key);
        string at = At(key);
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw Problem(at, $"must be a list, not {Quoted(list)}");
        }

        var elements = new List<T>(list.GetArrayLength());
        foreach (JsonElement element in list.EnumerateArray())
        {
            elements.Add(read(element, string.Create(CultureInfo.InvariantCulture, $"{at}[{elements.Count}]")));
        }

        return elements;
    }

    /// <summary>The same where it may be left out.</summary>
    /// <typeparam name="T">What is in it.</typeparam>
    /// <param name="key">Its key.</param>
    /// <param name="read">Reads an element at a place.</param>
    /// <returns>The elements; null where it is left out.</returns>
    /// <exception cref="ScenarioFileException">It is no list, or an element is wrong.</exception>
    public IReadOnlyList<T>? OptionalList<T>(string key, Func<JsonElement, string, T> read) => Has(key) ? List(key, read) : null;

    /// <summary>One line of text.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="place">Where it is.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ScenarioFileException">It is no text, or has several lines.</exception>
    public static string TextOf(JsonElement json, string place)
    {
        if (json.ValueKind != JsonValueKind.String)
        {
            throw Problem(place, $"must be text, not {Quoted(json)}");
        }

        string text = json.GetString()!;
        return text.Any(char.IsControl) ? throw Problem(place, $"must be one line without control characters, not {Quoted(text)}") : text;
    }

    /// <summary>What is wrong.</summary>
    /// <param name="place">Where; empty for the whole file.</param>
    /// <param name="what">What.</param>
    /// <returns>The exception, without the file's name.</returns>
    public static ScenarioFileException Problem(string place, string what) => new(place.Length == 0 ? what : $"{place}: {what}");

    /// <summary>Text of the file in a message: on one line, and not too long.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text in quotes.</returns>
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("'");
        foreach (char letter in text.AsSpan(0, Math.Min(text.Length, LongestQuoted)))
        {
            if (char.IsControl(letter) || char.IsSurrogate(letter) || char.GetUnicodeCategory(letter) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
            }
            else
            {
                quoted.Append(letter);
            }
        }

        return quoted.Append(text.Length > LongestQuoted ? "...'" : "'").ToString();
    }

    private static string Quoted(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => Quoted(json.GetString()!),
        _ => Quoted(json.GetRawText()),
    };

    private string At(string key) => place.Length == 0 ? key : $"{place}.{key}";

    private JsonElement Required(string key) => json.TryGetProperty(key, out JsonElement value) ? value : throw Problem(place, $"'{key}' is missing");
}
