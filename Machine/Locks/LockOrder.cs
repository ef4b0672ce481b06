using System.Numerics;
using System.Threading;

namespace MmuStress.Machine;

/// <summary>Which class of lock has been taken while which other was held, in one run; a cycle is a deadlock that some schedule has.</summary>
/// <remarks>Mirrors: lockdep's dependency graph, per run so that the same schedule always gives the same answer.</remarks>
public sealed class LockOrder
{
    private readonly ulong[] after = new ulong[LockClass.Limit]; // in this run
    private readonly ulong[] harmless = new ulong[LockClass.Limit]; // in earlier runs too, as far as that has no cycle
    private bool isHarmless = true; // whether this run's are all among them
    private readonly LockClass?[] classes = new LockClass?[LockClass.Limit];

    /// <summary>Notes that <paramref name="taken"/> was taken while <paramref name="held"/> was held.</summary>
    /// <param name="held">The class held.</param>
    /// <param name="taken">The class taken.</param>
    /// <returns>The cycle that this closes, as text; null where it closes none.</returns>
    public string? Add(LockClass held, LockClass taken)
    {
        ulong bit = 1UL << taken.Id;
        if ((Volatile.Read(ref after[held.Id]) & bit) != 0 || held.Id == taken.Id)
        {
            return null;
        }

        if (Volatile.Read(ref isHarmless) && (Volatile.Read(ref harmless[held.Id]) & bit) != 0)
        {
            Interlocked.Or(ref after[held.Id], bit);
            return null;
        }

        lock (after)
        {
            classes[held.Id] = held;
            classes[taken.Id] = taken;
            string? path = PathFrom(after, taken.Id, held.Id, 0);
            Interlocked.Or(ref after[held.Id], bit);
            if (PathFrom(harmless, taken.Id, held.Id, 0) is null)
            {
                harmless[held.Id] |= bit;
            }
            else
            {
                isHarmless = false;
            }

            return path is null ? null : $"{held.Name} -> {path}";
        }
    }

    internal void Reset()
    {
        Array.Clear(after);
        isHarmless = true;
    }

    private string? PathFrom(ulong[] edges, int from, int to, ulong visited)
    {
        if (from == to)
        {
            return classes[from]!.Name;
        }

        for (ulong next = edges[from] & ~visited; next != 0; next &= next - 1)
        {
            int id = BitOperations.TrailingZeroCount(next);
            if (PathFrom(edges, id, to, visited | (1UL << from)) is { } rest)
            {
                return $"{classes[from]!.Name} -> {rest}";
            }
        }

        return null;
    }
}
