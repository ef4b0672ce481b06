using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MmuStress.Explorer;

/// <summary>Vector clocks as arrays: a time for each CPU, and zeroes up to a whole number of vectors, so that no operation needs a branch for each CPU.</summary>
internal static class VectorClock
{
    /// <summary>How many times one vector holds.</summary>
    public const int Lanes = 4;

    /// <summary>How long a clock is for <paramref name="cpus"/> CPUs.</summary>
    public static int WidthOf(int cpus) => (cpus + Lanes - 1) & -Lanes;

    /// <summary>Has <paramref name="into"/> know what <paramref name="from"/> knows.</summary>
    public static void Join(int[] into, int[] from)
    {
        for (int i = 0; i < into.Length; i += Lanes)
        {
            Store(Vector128.Max(Load(into, i), Load(from, i)), into, i);
        }
    }

    /// <summary>Copies a clock.</summary>
    public static void Copy(int[] from, int[] into)
    {
        for (int i = 0; i < into.Length; i += Lanes)
        {
            Store(Load(from, i), into, i);
        }
    }

    /// <summary>Clears <paramref name="width"/> times of an array that holds several clocks.</summary>
    public static void Clear(int[] times, int start, int width)
    {
        for (int i = start; i < start + width; i += Lanes)
        {
            Store(Vector128<int>.Zero, times, i);
        }
    }

    /// <summary>The first CPU whose time in <paramref name="times"/>, from <paramref name="start"/>, is after the one in <paramref name="clock"/>; -1 for none.</summary>
    /// <remarks>Never the CPU whose clock it is: nothing it did is after its own clock.</remarks>
    public static int FirstAfter(int[] clock, int[] times, int start)
    {
        for (int i = 0; i < clock.Length; i += Lanes)
        {
            uint after = Vector128.GreaterThan(Load(times, start + i), Load(clock, i)).ExtractMostSignificantBits();
            if (after != 0)
            {
                return i + System.Numerics.BitOperations.TrailingZeroCount(after);
            }
        }

        return -1;
    }

    // Bounds are checked by reading the last element.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Load(int[] array, int index)
    {
        _ = array[index + Lanes - 1];
        return Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(array), (nuint)index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<int> vector, int[] array, int index)
    {
        _ = array[index + Lanes - 1];
        vector.StoreUnsafe(ref MemoryMarshal.GetArrayDataReference(array), (nuint)index);
    }
}
