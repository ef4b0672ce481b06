namespace MmuStress.Litmus;

/// <summary>Cuts a litmus test into words.</summary>
/// <remarks>
/// Outside of C code comments are (* ... *), as in OCaml; in C code, where "(*" is the beginning of READ_ONCE(*x), they are
/// those of C. Both are taken outside.
/// </remarks>
internal sealed class Scanner(string text)
{
    private static readonly string[] Symbols =
        ["<<=", ">>=", "/\\", "\\/", "=>", "==", "!=", "<=", ">=", "<<", ">>", "&&", "||", "->", "++", "--", "+=", "-=", "|=", "&=", "^=", "*="];

    private const int MostNesting = 200;

    private int position;
    private int line = 1;
    private int nesting;

    /// <summary>Whether C code is read.</summary>
    public bool IsCode { get; set; }

    public int Line => line;

    /// <summary>Goes into something nested.</summary>
    /// <returns>To be disposed of on the way out.</returns>
    /// <exception cref="LitmusException">It is nested too deeply: what reads it is recursive.</exception>
    public Nesting Enter() => ++nesting <= MostNesting
        ? new Nesting(this)
        : throw LitmusException.Unsupported(line, $"nested more than {MostNesting} deep");

    /// <summary>Goes to the next word without taking it.</summary>
    public Token Peek()
    {
        (int oldPosition, int oldLine) = (position, line);
        Token token = Next();
        (position, line) = (oldPosition, oldLine);
        return token;
    }

    /// <summary>The word after the next one, without taking either.</summary>
    public Token PeekSecond()
    {
        (int oldPosition, int oldLine) = (position, line);
        Next();
        Token token = Next();
        (position, line) = (oldPosition, oldLine);
        return token;
    }

    public Token Next()
    {
        SkipBlanks();
        if (position >= text.Length)
        {
            return new Token(TokenKind.End, "", line);
        }

        int start = position;
        char c = text[position];
        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] == '_'))
            {
                position++;
            }

            return Taken(TokenKind.Name, start);
        }

        if (char.IsAsciiDigit(c))
        {
            while (position < text.Length && char.IsAsciiLetterOrDigit(text[position]))
            {
                position++;
            }

            return Taken(TokenKind.Number, start);
        }

        if (c is < ' ' or > '~')
        {
            throw LitmusException.Malformed(line, $"not a litmus test: character U+{(int)c:X4}");
        }

        position++;
        foreach (string symbol in Symbols)
        {
            if (string.CompareOrdinal(text, start, symbol, 0, symbol.Length) == 0)
            {
                position = start + symbol.Length;
                break;
            }
        }

        return Taken(TokenKind.Symbol, start);
    }

    /// <summary>Takes the next word if it is the one asked for.</summary>
    public bool Accept(string word)
    {
        Token token = Peek();
        if (!token.Is(word))
        {
            return false;
        }

        Next();
        return true;
    }

    /// <summary>Takes the next word, which must be the one asked for.</summary>
    public void Expect(string word)
    {
        Token token = Next();
        if (!token.Is(word))
        {
            throw LitmusException.Malformed(token.Line, $"{token} where '{word}' is expected");
        }
    }

    /// <summary>The rest of the line, without comments; the line is taken.</summary>
    public string RestOfLine()
    {
        int end = text.IndexOf('\n', position);
        end = end < 0 ? text.Length : end;
        int comment = text.IndexOf("(*", position, end - position, StringComparison.Ordinal);
        string rest = text[position..(comment < 0 ? end : comment)].Trim();
        position = comment < 0 ? end : comment;
        return rest;
    }

    /// <summary>Takes everything up to the brace that opens the initial state: name, documentation, key=value lines.</summary>
    public void SkipToInitialState()
    {
        while (true)
        {
            SkipBlanks();
            if (position >= text.Length)
            {
                throw LitmusException.Malformed(line, "not a litmus test: there is no initial state in braces");
            }

            char c = text[position];
            if (c == '{')
            {
                return;
            }

            if (c == '"')
            {
                int end = text.IndexOf('"', position + 1);
                Advance(end < 0 ? text.Length : end + 1);
                continue;
            }

            int newline = text.IndexOf('\n', position);
            int brace = text.IndexOf('{', position);
            Advance(brace >= 0 && (newline < 0 || brace < newline) ? brace : newline < 0 ? text.Length : newline);
        }
    }

    private void Advance(int to)
    {
        for (; position < to; position++)
        {
            if (text[position] == '\n')
            {
                line++;
            }
        }
    }

    private void SkipBlanks()
    {
        while (position < text.Length)
        {
            char c = text[position];
            if (char.IsWhiteSpace(c) || c == '\ufeff')
            {
                Advance(position + 1);
            }
            else if (!IsCode && At("(*"))
            {
                SkipComment("(*", "*)");
            }
            else if (At("/*"))
            {
                SkipComment("/*", "*/");
            }
            else if (At("//"))
            {
                int end = text.IndexOf('\n', position);
                Advance(end < 0 ? text.Length : end);
            }
            else
            {
                return;
            }
        }
    }

    private void SkipComment(string open, string close)
    {
        int start = line;
        int end = text.IndexOf(close, position + open.Length, StringComparison.Ordinal);
        if (end < 0)
        {
            throw LitmusException.Malformed(start, "a comment that does not end");
        }

        Advance(end + close.Length);
    }

    private bool At(string what) => string.CompareOrdinal(text, position, what, 0, what.Length) == 0;

    private Token Taken(TokenKind kind, int start) => new(kind, text[start..position], line);

    /// <summary>Something nested that was entered.</summary>
    internal readonly struct Nesting(Scanner scanner) : IDisposable
    {
        public void Dispose() => scanner.nesting--;
    }
}
