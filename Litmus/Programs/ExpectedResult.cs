using System.Text.RegularExpressions;

namespace MmuStress.Litmus;

/// <summary>What the comment "Result:" in a litmus test says.</summary>
/// <param name="Verdict">Never, Sometimes or Always; null where it says that no execution ends.</param>
/// <param name="HasDataRace">Whether it says that there is a data race.</param>
public sealed partial record ExpectedResult(Verdict? Verdict, bool HasDataRace)
{
    private const string Deadlock = "DEADLOCK";

    /// <summary>How it is written.</summary>
    /// <returns>"Sometimes DATARACE", for example.</returns>
    public override string ToString() => (Verdict?.ToString() ?? Deadlock) + (HasDataRace ? " DATARACE" : "");

    /// <summary>Finds the first "Result:" that says something that can be compared.</summary>
    /// <param name="text">A litmus test.</param>
    /// <returns>What it says; null where there is none ("Result: Maybe" says nothing).</returns>
    internal static ExpectedResult? Find(string text)
    {
        foreach (Match match in Results().Matches(text))
        {
            string word = match.Groups["verdict"].Value;
            bool hasRace = match.Groups["race"].Success;
            if (string.Equals(word, Deadlock, StringComparison.Ordinal))
            {
                return new ExpectedResult(null, hasRace);
            }

            return new ExpectedResult(Enum.Parse<Verdict>(word), hasRace);
        }

        return null;
    }

    [GeneratedRegex(@"Result:\s*(?<verdict>Never|Sometimes|Always|DEADLOCK)\b(?:\s+(?<race>DATARACE)\b)?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Results();
}
