namespace MmuStress.Traces;

/// <summary>Finds fields in the text of an event by the words before them.</summary>
internal static class Fields
{
    /// <summary>The hexadecimal number behind a key, with or without 0x.</summary>
    public static bool TryHex(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key, out ulong value)
    {
        value = 0;
        int at = Behind(text, key);
        if (at < 0)
        {
            return false;
        }

        if (at + 1 < text.Length && text[at] == '0' && text[at + 1] == 'x')
        {
            at += 2;
        }

        int from = at;
        for (; at < text.Length; at++)
        {
            int digit = HexDigit(text[at]);
            if (digit < 0)
            {
                break;
            }

            value = (value << 4) | (uint)digit;
        }

        return at > from;
    }

    /// <summary>The decimal number behind a key; a negative one as two's complement.</summary>
    public static bool TryDecimal(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key, out ulong value)
    {
        value = 0;
        int at = Behind(text, key);
        if (at < 0)
        {
            return false;
        }

        bool isNegative = at < text.Length && text[at] == '-';
        at += isNegative ? 1 : 0;
        int from = at;
        for (; at < text.Length && char.IsAsciiDigit((char)text[at]); at++)
        {
            value = (value * 10) + (uint)(text[at] - '0');
        }

        value = isNegative ? unchecked(0 - value) : value;
        return at > from;
    }

    // Where a key ends that is no part of a longer word.
    private static int Behind(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key)
    {
        int from = 0;
        while (true)
        {
            int found = text[from..].IndexOf(key);
            if (found < 0)
            {
                return -1;
            }

            int at = from + found;
            if (at == 0 || text[at - 1] is (byte)' ' or (byte)'(' or (byte)',' or (byte)'[')
            {
                return at + key.Length;
            }

            from = at + 1;
        }
    }

    private static int HexDigit(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };
}
