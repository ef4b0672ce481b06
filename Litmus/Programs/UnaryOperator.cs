namespace MmuStress.Litmus;

internal enum UnaryOperator
{
    Minus,
    Complement,
    Not,
}
