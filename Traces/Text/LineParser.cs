namespace MmuStress.Traces;

/// <summary>Takes a line apart as ftrace, trace-cmd report or perf script print it.</summary>
/// <remarks>
/// ftrace:     COMM-PID [(TGID)] [CPU] FLAGS TIME: EVENT: TEXT
/// trace-cmd:  COMM-PID [CPU] [FLAGS] TIME: EVENT:   TEXT
/// perf:       COMM PID or TGID/PID [CPU] TIME: GROUP:EVENT: TEXT
/// </remarks>
internal static class LineParser
{
    private const int MostTokensBeforeTime = 3;
    private const int FractionDigits = 9;

    /// <summary>Whether the line has one of the layouts.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, ref ParsedLine parsed)
    {
        int at = FindCpu(line, ref parsed);
        if (at < 0)
        {
            return false;
        }

        for (int tokens = 0; tokens < MostTokensBeforeTime; tokens++)
        {
            at = SkipSpaces(line, at);
            int length = line[at..].IndexOf((byte)' ');
            if (length <= 0)
            {
                return false;
            }

            ReadOnlySpan<byte> token = line.Slice(at, length);
            at += length;
            if (token[^1] == ':' && TryTime(token[..^1], ref parsed))
            {
                return TryName(line[SkipSpaces(line, at)..], ref parsed);
            }
        }

        return false;
    }

    public static int SkipSpaces(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    // Returns where the text behind "[CPU]" begins.
    private static int FindCpu(ReadOnlySpan<byte> line, ref ParsedLine parsed)
    {
        int from = 0;
        while (true)
        {
            int found = line[from..].IndexOf((byte)'[');
            if (found < 0)
            {
                return -1;
            }

            int open = from + found;
            int close = open + 1;
            while (close < line.Length && char.IsAsciiDigit((char)line[close]))
            {
                close++;
            }

            if (close > open + 1 && close < line.Length && line[close] == ']' && TryTask(line[..open].TrimEnd((byte)' '), ref parsed))
            {
                parsed.Cpu = TryNumber(line[(open + 1)..close], out long cpu) ? (int)Math.Min(cpu, int.MaxValue) : 0;
                return close + 1;
            }

            from = open + 1;
        }
    }

    private static bool TryTask(ReadOnlySpan<byte> task, ref ParsedLine parsed)
    {
        parsed.Tgid = 0;
        if (task.Length > 0 && task[^1] == ')')
        {
            int open = task.LastIndexOf((byte)'(');
            if (open < 0)
            {
                return false;
            }

            ReadOnlySpan<byte> tgid = task[(open + 1)..^1].Trim((byte)' ');
            parsed.Tgid = TryNumber(tgid, out long number) ? (int)number : 0;
            task = task[..open].TrimEnd((byte)' ');
        }

        int digits = Digits(task);
        if (digits == 0 || digits == task.Length || !TryNumber(task[^digits..], out long pid))
        {
            return false;
        }

        parsed.Pid = (int)pid;
        task = task[..^digits];
        if (task[^1] == '/')
        {
            task = task[..^1];
            digits = Digits(task);
            if (digits > 0 && TryNumber(task[^digits..], out long tgid))
            {
                parsed.Tgid = (int)tgid;
                task = task[..^digits];
            }
        }
        else if (task[^1] is not ((byte)'-' or (byte)' '))
        {
            return false;
        }
        else
        {
            task = task[..^1];
        }

        parsed.Comm = task.Trim((byte)' ');
        return true;
    }

    private static int Digits(ReadOnlySpan<byte> text)
    {
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit((char)text[text.Length - 1 - digits]))
        {
            digits++;
        }

        return digits;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out long number)
    {
        number = 0;
        foreach (byte b in text)
        {
            if (!char.IsAsciiDigit((char)b))
            {
                return false;
            }

            number = (number * 10) + (b - '0');
        }

        return text.Length is > 0 and < 19;
    }

    private static bool TryTime(ReadOnlySpan<byte> text, ref ParsedLine parsed)
    {
        int dot = text.IndexOf((byte)'.');
        parsed.HasFraction = dot >= 0;
        if (dot < 0)
        {
            return TryNumber(text, out parsed.Time);
        }

        ReadOnlySpan<byte> fraction = text[(dot + 1)..];
        if (!TryNumber(text[..dot], out long seconds) || fraction.Length > FractionDigits || !TryNumber(fraction, out long nanoseconds))
        {
            return false;
        }

        for (int i = fraction.Length; i < FractionDigits; i++)
        {
            nanoseconds *= 10;
        }

        parsed.Time = (seconds * 1_000_000_000) + nanoseconds;
        return true;
    }

    private static bool TryName(ReadOnlySpan<byte> rest, ref ParsedLine parsed)
    {
        int colon = rest.IndexOf((byte)':');
        if (colon < 0 || rest[..colon].Contains((byte)' '))
        {
            // A line of the function tracer: "callee <-caller".
            int arrow = rest.IndexOf(" <-"u8);
            parsed.Name = arrow > 0 ? rest[..arrow] : default;
            parsed.Text = default;
            return arrow > 0;
        }

        ReadOnlySpan<byte> behind = rest[(colon + 1)..];
        if (behind.Length > 0 && behind[0] is not ((byte)' ' or (byte)'\t'))
        {
            int second = behind.IndexOf((byte)':');
            if (second > 0 && !behind[..second].Contains((byte)' '))
            {
                parsed.Name = behind[..second];
                parsed.Text = behind[(second + 1)..].Trim((byte)' ');
                return true;
            }

            return false;
        }

        parsed.Name = rest[..colon];
        parsed.Text = behind.Trim((byte)' ');
        return colon > 0;
    }
}
