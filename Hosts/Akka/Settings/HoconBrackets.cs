namespace MmuStress.Hosts.Akka;

/// <summary>Looks whether the brackets of a HOCON text match: Akka's parser takes a text where some are missing, and never ends with some that are too many.</summary>
internal static class HoconBrackets
{
    /// <summary>What is wrong.</summary>
    /// <param name="text">The text.</param>
    /// <returns>One line; null where all match.</returns>
    public static string? Problem(string text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        int line = 1;
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\n':
                    line++;
                    break;
                case '#':
                case '/' when text.AsSpan(i).StartsWith("//"):
                    i = EndOf(text, i, "\n") - 1;
                    break;
                case '"' when text.AsSpan(i).StartsWith("\"\"\""):
                    int end = EndOf(text, i + 3, "\"\"\"");
                    line += text.AsSpan(i, Math.Min(end, text.Length) - i).Count('\n');
                    i = end + 2;
                    break;
                case '"':
                    i = EndOfString(text, i + 1);
                    if (i == text.Length || text[i] == '\n')
                    {
                        return $"line {line}: a string does not end";
                    }

                    break;
                case '{' or '[':
                    open.Push((text[i], line));
                    break;
                case '}' or ']':
                    char opening = text[i] == '}' ? '{' : '[';
                    if (!open.TryPop(out (char Bracket, int Line) last) || last.Bracket != opening)
                    {
                        return $"line {line}: '{text[i]}' without '{opening}'";
                    }

                    break;
            }
        }

        return open.TryPop(out (char Bracket, int Line) left) ? $"line {left.Line}: '{left.Bracket}' is not closed" : null;
    }

    private static int EndOf(string text, int start, string end)
    {
        int found = text.IndexOf(end, start, StringComparison.Ordinal);
        return found < 0 ? text.Length : found;
    }

    private static int EndOfString(string text, int start)
    {
        int i = start;
        while (i < text.Length && text[i] is not ('"' or '\n'))
        {
            i += text[i] == '\\' ? 2 : 1;
        }

        return Math.Min(i, text.Length);
    }
}
