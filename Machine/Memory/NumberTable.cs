using System.Threading;
namespace MmuStress.Machine;

/// <summary>Numbers objects and finds them by number: what the array of struct page is to page frame numbers.</summary>
/// <remarks>
/// Explored, a number is never given twice in a run, so that a stale number finds what it meant. Free-running, a retired number is given
/// again only when many others have been retired after it; until then it still finds the retired object.
/// </remarks>
/// <typeparam name="T">The objects.</typeparam>
public sealed class NumberTable<T>
    where T : class
{
    private const int Quarantine = 4096;

    private readonly Queue<ulong>? retired; // null where no number is given twice; else the lock of everything here
    private T?[] items = new T?[16];
    private ulong last;

    /// <summary>An empty table.</summary>
    /// <param name="machine">The machine whose CPUs use it.</param>
    public NumberTable(Multiprocessor machine) => retired = machine.Memory.IsRecycled ? null : new();

    /// <summary>The highest number given so far.</summary>
    public ulong Last => last;

    /// <summary>The object with <paramref name="number"/>, in use or retired; null where there never was one.</summary>
    /// <param name="number">The number.</param>
    public T? this[ulong number]
    {
        get
        {
            T?[] now = Volatile.Read(ref items);
            return number < (ulong)now.Length ? Volatile.Read(ref now[number]) : null;
        }
    }

    /// <summary>Takes a number, from 1, that finds nothing until <see cref="Set"/>.</summary>
    /// <returns>The number.</returns>
    public ulong Take()
    {
        if (retired is null)
        {
            Grow(++last);
            return last;
        }

        lock (retired)
        {
            if (retired.Count > Quarantine)
            {
                return retired.Dequeue();
            }

            Grow(++last);
            return last;
        }
    }

    /// <summary>Has <paramref name="number"/> find <paramref name="item"/>.</summary>
    /// <param name="number">A number taken before.</param>
    /// <param name="item">The object.</param>
    public void Set(ulong number, T item)
    {
        if (retired is null)
        {
            items[number] = item;
            return;
        }

        lock (retired)
        {
            Volatile.Write(ref items[number], item);
        }
    }

    /// <summary>Lets <paramref name="number"/> be given again, later.</summary>
    /// <param name="number">A number taken before.</param>
    public void Retire(ulong number)
    {
        if (retired is null)
        {
            return;
        }

        lock (retired)
        {
            retired.Enqueue(number);
        }
    }

    private void Grow(ulong number)
    {
        if (number >= (ulong)items.Length)
        {
            T?[] larger = new T?[items.Length * 2];
            Array.Copy(items, larger, items.Length);
            Volatile.Write(ref items, larger);
        }
    }
}
