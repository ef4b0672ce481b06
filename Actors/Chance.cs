using MmuStress.Machine;

namespace MmuStress.Actors;

/// <summary>Choices of the environment among more alternatives than a single one can have.</summary>
internal static class Chance
{
    private const int Digit = 128;

    /// <summary>Any number below <paramref name="count"/>.</summary>
    /// <param name="cpu">For whom.</param>
    /// <param name="count">How many numbers there are, at least 1.</param>
    /// <returns>The number.</returns>
    public static async Coroutine<ulong> Below(Cpu cpu, ulong count)
    {
        ulong value = 0;
        for (ulong left = count; left > 1; left = (left + Digit - 1) / Digit)
        {
            value = (value * Digit) + await cpu.Choose((int)Math.Min(left, Digit));
        }

        return value % count;
    }
}
