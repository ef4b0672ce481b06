using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>An expression of C, or of LISA, with its accesses to shared memory.</summary>
internal abstract record Expression(int Line)
{
    public sealed record Constant(int Line, long Value) : Expression(Line);

    public sealed record Register(int Line, int Number) : Expression(Line);

    public sealed record Unary(int Line, UnaryOperator Operator, Expression Operand) : Expression(Line);

    public sealed record Binary(int Line, BinaryOperator Operator, Expression Left, Expression Right) : Expression(Line);

    public sealed record Conditional(int Line, Expression Condition, Expression Then, Expression Else) : Expression(Line);

    public sealed record Load(int Line, Expression Address, EventFlags Flags) : Expression(Line);

    public sealed record ReadModifyWrite(int Line, RmwKind Kind, Expression Address, BinaryOperator Operator, Expression Operand, Expression? Second, EventFlags Flags)
        : Expression(Line);

    public sealed record TryLock(int Line, Expression Address) : Expression(Line);

    public sealed record IsLocked(int Line, Expression Address) : Expression(Line);

    public sealed record SrcuLock(int Line, Expression Address) : Expression(Line);
}
