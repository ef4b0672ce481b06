using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>A line that is not allowed, or about which nothing can be said.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Message">Why.</param>
public sealed record Unexplained(long Line, string Message)
{
    /// <summary>What led to it, each line with its number in the trace; null where it is a single line.</summary>
    public Recording? Recording { get; init; }

    /// <summary>The one that comes first in the trace.</summary>
    internal static Unexplained First(Unexplained? one, Unexplained other) => one is null || other.Line < one.Line ? other : one;
}
