namespace MmuStress.Litmus;

internal enum TokenKind
{
    End,
    Name,
    Number,
    Symbol,
}
