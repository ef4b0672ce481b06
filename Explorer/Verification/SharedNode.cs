using System.Threading;

namespace MmuStress.Explorer;

/// <summary>A place in the search where several workers take alternatives: who goes on there, who was claimed, and what each one's next step accesses.</summary>
/// <param name="backtrack">The CPUs that have to go first in some execution.</param>
/// <param name="claimed">Those of them that a worker has taken.</param>
/// <param name="sleep">Those whose executions are explored elsewhere.</param>
internal sealed class SharedNode(ulong backtrack, ulong claimed, ulong sleep)
{
    // Guarded by itself:
    private readonly Dictionary<int, Access[]> accesses = [];
    private ulong backtrack = backtrack;
    private ulong claimed = claimed;

    /// <summary>The CPUs that have to go first in some execution.</summary>
    public ulong Backtrack => Interlocked.Read(ref backtrack);

    /// <summary>Those of them that a worker has taken.</summary>
    public ulong Claimed => Interlocked.Read(ref claimed);

    /// <summary>Those whose executions are explored elsewhere.</summary>
    public ulong Sleep => sleep;

    /// <summary>What is known of the next steps, by CPU.</summary>
    public IReadOnlyDictionary<int, Access[]> Accesses => accesses;

    /// <summary>Sees to it that one of <paramref name="initials"/> goes first in some execution.</summary>
    public void Add(ulong initials, int preferred)
    {
        lock (accesses)
        {
            if ((backtrack & initials) == 0)
            {
                backtrack |= SourceSets.OneOf(initials, preferred);
            }
        }
    }

    /// <summary>Takes an alternative, if one is left; <paramref name="before"/> are those taken earlier.</summary>
    public bool TryClaim(out int cpu, out ulong before)
    {
        lock (accesses)
        {
            before = claimed;
            ulong left = backtrack & ~claimed & ~sleep;
            cpu = System.Numerics.BitOperations.TrailingZeroCount(left);
            if (left == 0)
            {
                return false;
            }

            claimed |= 1UL << cpu;
            return true;
        }
    }

    /// <summary>Tells what the next step of <paramref name="cpu"/> accesses.</summary>
    public void Publish(int cpu, Access[] next)
    {
        lock (accesses)
        {
            accesses.TryAdd(cpu, next);
            Monitor.PulseAll(accesses);
        }
    }

    /// <summary>What the next step of <paramref name="cpu"/> accesses; waits for the worker that has just claimed it to perform it.</summary>
    public Access[] AccessesOf(int cpu)
    {
        lock (accesses)
        {
            Access[]? known;
            while (!accesses.TryGetValue(cpu, out known))
            {
                Monitor.Wait(accesses);
            }

            return known;
        }
    }
}
