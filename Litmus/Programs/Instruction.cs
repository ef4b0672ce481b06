using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>A step of a process. Jumps only go forward.</summary>
internal abstract record Instruction(int Line)
{
    public sealed record Assign(int Line, int Register, Expression Value) : Instruction(Line);

    public sealed record Evaluate(int Line, Expression Value) : Instruction(Line);

    public sealed record Store(int Line, Expression Address, Expression Value, EventFlags Flags) : Instruction(Line);

    public sealed record Fence(int Line, EventKind Kind) : Instruction(Line);

    public sealed record Lock(int Line, Expression Address) : Instruction(Line);

    public sealed record Unlock(int Line, Expression Address) : Instruction(Line);

    public sealed record SrcuUnlock(int Line, Expression Address, Expression Value) : Instruction(Line);

    public sealed record SyncSrcu(int Line, Expression Address) : Instruction(Line);

    /// <summary>
    /// Goes on at the target where the condition is zero (C) or not zero (LISA). What follows depends on it: in C up to the
    /// matching <see cref="Leave"/>, in LISA all the rest.
    /// </summary>
    public sealed record Branch(int Line, Expression Condition, bool JumpsIfZero, bool IsScoped) : Instruction(Line)
    {
        public int Target { get; set; } = -1;
    }

    public sealed record Jump(int Line) : Instruction(Line)
    {
        public int Target { get; set; } = -1;
    }

    /// <summary>The end of an if statement.</summary>
    public sealed record Leave(int Line) : Instruction(Line);
}
