using System.Diagnostics.CodeAnalysis;

namespace MmuStress.Machine;

/// <summary>Assertions about the model itself; a failure is a mistake in this program, not in the code under test.</summary>
public static class Invariant
{
    /// <summary>States that <paramref name="condition"/> holds.</summary>
    /// <param name="condition">What must be true.</param>
    /// <param name="what">The statement, in words.</param>
    /// <exception cref="InvalidOperationException">It does not hold.</exception>
    public static void Holds([DoesNotReturnIf(false)] bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"the model is broken: {what}");
        }
    }
}
