namespace MmuStress.Litmus;

/// <summary>A word of a litmus test.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">How it is written.</param>
/// <param name="Line">Its line, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    public bool Is(string word) => Kind != TokenKind.End && string.Equals(Text, word, StringComparison.Ordinal);

    public override string ToString() => Kind == TokenKind.End ? "the end of the file" : $"'{Text}'";
}
