using System.Threading;

namespace MmuStress.Machine;

/// <summary>Numbers that are kept about a run and are no part of it: any thread may count and read, and counting is no step.</summary>
/// <remarks>
/// Not simulated memory: a counter in a <see cref="Block"/> would make a step, and an order between CPUs, of what only somebody outside looks at.
/// Each number is read whole; two numbers are not read at the same time.
/// </remarks>
/// <param name="length">How many numbers, at least 1; all 0.</param>
public sealed class CounterBlock(int length)
{
    private const int CacheLine = 8; // in words: what other blocks' owners count must not be in the same line

    private readonly ulong[] words = new ulong[(length > 0 ? length : throw new ArgumentOutOfRangeException(nameof(length))) + (2 * CacheLine)];

    /// <summary>How many numbers.</summary>
    public int Length { get; } = length;

    /// <summary>Adds 1. For any thread.</summary>
    /// <param name="index">To which.</param>
    public void Increment(int index) => Interlocked.Increment(ref At(index));

    /// <summary>Adds. For any thread.</summary>
    /// <param name="index">To which.</param>
    /// <param name="delta">How much; may be negative.</param>
    /// <returns>The number then.</returns>
    public ulong Add(int index, long delta) => Interlocked.Add(ref At(index), (ulong)delta);

    /// <summary>Adds, where only one thread at a time ever changes this number: no locked instruction.</summary>
    /// <param name="index">To which.</param>
    /// <param name="delta">How much.</param>
    public void AddAlone(int index, ulong delta)
    {
        ref ulong word = ref At(index);
        Volatile.Write(ref word, word + delta);
    }

    /// <summary>Raises to <paramref name="value"/> where it is less. For any thread.</summary>
    /// <param name="index">Which.</param>
    /// <param name="value">To what.</param>
    public void Raise(int index, ulong value)
    {
        ref ulong word = ref At(index);
        ulong now = Volatile.Read(ref word);
        while (now < value)
        {
            ulong seen = Interlocked.CompareExchange(ref word, value, now);
            if (seen == now)
            {
                return;
            }

            now = seen;
        }
    }

    /// <summary>Reads a number whole. For any thread.</summary>
    /// <param name="index">Which.</param>
    /// <returns>The number.</returns>
    public ulong Read(int index) => Volatile.Read(ref At(index));

    private ref ulong At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
        return ref words[CacheLine + index];
    }
}
