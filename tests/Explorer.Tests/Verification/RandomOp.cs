using System.Globalization;

namespace MmuStress.Explorer.Tests;

/// <summary>An operation of a random program: what, on which word or lock, with which operands, and what it encloses.</summary>
internal sealed record RandomOp(RandomOpKind Kind, int Target, ulong A = 0, ulong B = 0)
{
    public IReadOnlyList<RandomOp> Body { get; init; } = [];

    /// <summary>Whether there is a decision before it does anything.</summary>
    public bool IsStep => Kind is not (RandomOpKind.PlainRead or RandomOpKind.PlainWrite or RandomOpKind.Peek or RandomOpKind.Choose
        or RandomOpKind.Free or RandomOpKind.Use or RandomOpKind.IfEqual);

    public override string ToString()
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{Kind}({Target}, {(long)A}, {B})");
        return Body.Count == 0 ? text : $"{text} {{ {string.Join("; ", Body)} }}";
    }
}
