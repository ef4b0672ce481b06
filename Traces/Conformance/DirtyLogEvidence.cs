using System.Globalization;
using System.Numerics;

namespace MmuStress.Traces;

/// <summary>Whether a bit of a dirty log can have been set by a write of the guest.</summary>
/// <remarks>
/// Mirrors: mark_page_dirty_in_slot() in make_spte() and fast_page_fault(), kvm_get_dirty_log_protect() (v6.1 and v6.12): a page is dirty only
/// where its SPTE let writes through since the bit was cleared.
/// Differs: when a bit was cleared is known where reading the log clears it. Where KVM_CLEAR_DIRTY_LOG does, which only shows later, the
/// page must have been writable at any time, and nothing is said of bits that were set from the beginning.
/// </remarks>
internal sealed class DirtyLogEvidence
{
    private const int MostPages = 1 << 20;
    private const int MostDoubts = 256;
    private const int Bits = 64;
    private readonly Dictionary<ulong, long> lastWritable = [];
    private readonly Dictionary<int, long> lastRead = [];
    private readonly HashSet<int> initiallySet = []; // as it seems: all of its pages were dirty at once
    private long unknownUntil;
    private bool isForgotten;
    private bool clearsByHand;
    private readonly List<Doubt> doubts = [];

    /// <summary>What is wrong with the logs, to be asked at the end; null where nothing is.</summary>
    public Unexplained? Refused => isForgotten ? null : doubts.Where(d => d.HoldsByHand || !clearsByHand).Select(d => d.Why).FirstOrDefault();

    /// <summary>Nothing is known any more.</summary>
    public void Forget() => isForgotten = true;

    /// <summary>The guest may have written anything up to here without any SPTE.</summary>
    public void MayHaveWritten(long line) => unknownUntil = line;

    /// <summary>KVM_CLEAR_DIRTY_LOG is used: reading a log does not clear it.</summary>
    public void IsClearedByHand() => clearsByHand = true;

    /// <summary>A memslot is becoming another one, with another log, in which no page is dirty yet.</summary>
    public void Begin(int slot, long line)
    {
        lastRead[slot] = line;
        initiallySet.Remove(slot);
    }

    /// <summary>An SPTE changes.</summary>
    /// <param name="key">Which.</param>
    /// <param name="old">What it was.</param>
    /// <param name="now">What it is.</param>
    /// <param name="line">The line that shows it.</param>
    /// <param name="since">The line of what the thread showed before: it changed between the two.</param>
    public void Change(SpteKey key, ulong old, ulong now, long line, long since)
    {
        if (SpteBits.IsLeaf(now, key.Level) && SpteBits.IsWritable(now))
        {
            doubts.RemoveAll(d => key.Gfn <= d.Gfn && d.Gfn < key.End && since < d.Why.Line);
            Set(key, long.MaxValue);
        }
        else if (SpteBits.IsLeaf(old, key.Level) && SpteBits.IsWritable(old))
        {
            Set(key, line);
        }
    }

    /// <summary>A log was read.</summary>
    /// <param name="slot">Its memslot.</param>
    /// <param name="bitmap">Its first 64 bits.</param>
    /// <param name="begin">The line at which reading it began.</param>
    /// <param name="line">The line that shows it.</param>
    public void Read(SlotMarker slot, ulong bitmap, long begin, long line)
    {
        long since = lastRead.GetValueOrDefault(slot.Slot);
        lastRead[slot.Slot] = begin;
        if (IsFull(slot, bitmap))
        {
            initiallySet.Add(slot.Slot);
        }

        for (ulong left = bitmap; left != 0 && !isForgotten && unknownUntil <= since && doubts.Count < MostDoubts; left &= left - 1)
        {
            ulong gfn = slot.FirstGfn + (ulong)BitOperations.TrailingZeroCount(left);
            bool wasWritable = lastWritable.TryGetValue(gfn, out long last);
            if (!wasWritable || last < since)
            {
                string message = string.Create(CultureInfo.InvariantCulture, $"gfn {gfn:x} is dirty in the log of slot {slot.Slot}, but no write was let through there since {(since == 0 ? "the beginning" : $"line {since}")}");
                doubts.Add(new Doubt(gfn, new Unexplained(line, message), HoldsByHand: !wasWritable && !initiallySet.Contains(slot.Slot)));
            }
        }
    }

    // KVM_DIRTY_LOG_INITIALLY_SET: all pages are dirty in the beginning.
    private static bool IsFull(SlotMarker slot, ulong bitmap) => (ulong)BitOperations.PopCount(bitmap) == Math.Min(slot.Pages, Bits);

    private void Set(SpteKey key, long line)
    {
        if (lastWritable.Count > MostPages)
        {
            isForgotten = true;
            lastWritable.Clear();
        }

        for (ulong gfn = key.Gfn; gfn < key.End && !isForgotten; gfn++)
        {
            lastWritable[gfn] = line;
        }
    }

    // A bit that nothing explains yet: an event may come later than what it stands for.
    private sealed record Doubt(ulong Gfn, Unexplained Why, bool HoldsByHand);
}
