using System.Collections.Concurrent;
using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Scripts that many scenarios use, made once for each size: a run makes none.</summary>
public static class Scripts
{
    private static readonly ConcurrentDictionary<(Script Kind, ulong First, ulong Count), Message[]> Made = new();

    /// <summary>The guest reads each page.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="pages">How many.</param>
    /// <returns>The script.</returns>
    public static Message[] Reads(Gfn first, int pages) =>
        Of(Script.Reads, first.Value, (ulong)pages, static (gfn, _) => new GuestReads(new Gfn(gfn)));

    /// <summary>The guest has faulted on a read of each page.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="pages">How many.</param>
    /// <returns>The script.</returns>
    public static Message[] Faults(Gfn first, int pages) =>
        Of(Script.Faults, first.Value, (ulong)pages, static (gfn, _) => new GuestFaults(new Gfn(gfn), Write: false));

    /// <summary>The guest writes each page, a value that tells the page.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="pages">How many.</param>
    /// <returns>The script.</returns>
    public static Message[] Writes(Gfn first, int pages) =>
        Of(Script.Writes, first.Value, (ulong)pages, static (gfn, _) => new GuestWrites(new Gfn(gfn), 1000 + gfn));

    /// <summary>The host drops all the pages at once.</summary>
    /// <param name="first">The first host page's number.</param>
    /// <param name="pages">How many.</param>
    /// <returns>The script.</returns>
    public static Message[] Unmaps(ulong first, ulong pages) => Made.GetOrAdd((Script.Unmaps, first, pages), static key => [new UnmapsPages(key.First, key.Count)]);

    /// <summary>The dirty logs of all memslots are read.</summary>
    /// <param name="slots">How many memslots there are.</param>
    /// <param name="times">How often.</param>
    /// <returns>The script.</returns>
    public static Message[] Harvests(int slots, int times) =>
        Made.GetOrAdd(
            (Script.Harvests, (ulong)slots, (ulong)times),
            static key => Enumerable.Range(0, (int)(key.First * key.Count)).Select(i => (Message)new HarvestsDirtyLog(i % (int)key.First)).ToArray());

    // An enumeration, as hashing a string takes as long as making a short script.
    private enum Script
    {
        Reads,
        Faults,
        Writes,
        Unmaps,
        Harvests,
    }

    private static Message[] Of(Script kind, ulong first, ulong count, Func<ulong, ulong, Message> message) =>
        Made.GetOrAdd(
            (kind, first, count),
            static (key, make) => Enumerable.Range(0, (int)key.Count).Select(i => make(key.First + (ulong)i, (ulong)i)).ToArray(),
            message);
}
