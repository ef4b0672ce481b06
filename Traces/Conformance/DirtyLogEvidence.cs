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
    private bool clearsByReading;
    private readonly HashSet<int> wasRead = []; // since it became another one
    private readonly List<Doubt> doubts = [];
    private readonly Dictionary<ulong, (long From, long To)> written = [];
    private readonly Dictionary<int, long> lastLog = [];

    /// <summary>What is wrong with the logs, to be asked at the end; null where nothing is.</summary>
    public Unexplained? Refused => isForgotten ? null : doubts.Where(d => d.HoldsByHand || (!clearsByHand && (clearsByReading || !d.NeedsReading))).Select(d => d.Why).FirstOrDefault();

    /// <summary>Nothing is known any more.</summary>
    public void Forget() => isForgotten = true;

    /// <summary>The guest may have written anything up to here without any SPTE.</summary>
    public void MayHaveWritten(long line) => unknownUntil = line;

    /// <summary>KVM_CLEAR_DIRTY_LOG is used: reading a log does not clear it.</summary>
    public void IsClearedByHand() => clearsByHand = true;

    /// <summary>A thread that reads a log changes an SPTE: reading clears it.</summary>
    public void IsClearedByReading() => clearsByReading = true;

    /// <summary>A memslot is becoming another one, with another log, in which no page is dirty yet.</summary>
    public void Begin(int slot, long line)
    {
        lastRead[slot] = line;
        initiallySet.Remove(slot);
        wasRead.Remove(slot);
        written.Clear();
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
            doubts.RemoveAll(d => !d.IsLost && key.Gfn <= d.Gfn && d.Gfn < key.End && since < d.Why.Line);
            Set(key, long.MaxValue);
        }
        else if (SpteBits.IsLeaf(old, key.Level) && SpteBits.IsWritable(old))
        {
            Set(key, line);
        }
    }

    /// <summary>A write was let through to a page whose dirty log is on.</summary>
    /// <param name="gfn">The page.</param>
    /// <param name="from">The line after which it was marked.</param>
    /// <param name="to">The line before which it was.</param>
    public void Write(ulong gfn, long from, long to)
    {
        if (written.Count < MostPages)
        {
            written[gfn] = (from, to);
        }
    }

    /// <summary>What is wrong with the number of pages in a log; null where nothing is.</summary>
    public static string? CountProblem(SlotMarker slot, ulong bitmap, ulong dirty)
    {
        var seen = (ulong)BitOperations.PopCount(bitmap);
        return dirty < seen || (slot.Pages <= Bits && dirty > seen) || (slot.Pages < Bits && bitmap >> (int)slot.Pages != 0)
            ? string.Create(CultureInfo.InvariantCulture, $"the log of slot {slot.Slot}, of {slot.Pages} pages, names {seen} in its first {Bits} bits, but {dirty} are said to be dirty") : null;
    }

    /// <summary>A log was read.</summary>
    /// <param name="slot">Its memslot.</param>
    /// <param name="bitmap">Its first 64 bits.</param>
    /// <param name="begin">The line at which reading it began.</param>
    /// <param name="line">The line that shows it.</param>
    public void Read(SlotMarker slot, ulong bitmap, long begin, long line)
    {
        long since = lastRead.GetValueOrDefault(slot.Slot);
        FindLost(slot, bitmap, begin, line);
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
                doubts.Add(new Doubt(gfn, new Unexplained(line, message), HoldsByHand: !wasWritable && !initiallySet.Contains(slot.Slot), NeedsReading: wasRead.Contains(slot.Slot) || initiallySet.Contains(slot.Slot), IsLost: false));
            }
        }

        wasRead.Add(slot.Slot);
    }

    // Of each write only the last is known: one that came while the log was read is in this log or in the next one.
    private void FindLost(SlotMarker slot, ulong bitmap, long begin, long line)
    {
        for (ulong i = 0; i < Math.Min(slot.Pages, Bits); i++)
        {
            ulong gfn = slot.FirstGfn + i;
            if (written.Remove(gfn, out (long From, long To) write) && (bitmap >> (int)i & 1) == 0 && lastLog.GetValueOrDefault(slot.Slot) < write.From && write.To < begin && doubts.Count < MostDoubts)
            {
                string message = string.Create(CultureInfo.InvariantCulture, $"gfn {gfn:x} is not dirty in the log of slot {slot.Slot}, but a write was let through there between line {write.From} and line {write.To}");
                doubts.Add(new Doubt(gfn, new Unexplained(line, message), HoldsByHand: false, NeedsReading: true, IsLost: true));
            }
        }

        lastLog[slot.Slot] = line;
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

    // A bit that nothing explains yet, as an event may come later than what it stands for; or one that is lost, unless logs are cleared by hand.
    private sealed record Doubt(ulong Gfn, Unexplained Why, bool HoldsByHand, bool NeedsReading, bool IsLost);
}
