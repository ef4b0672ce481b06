namespace MmuStress.Traces;

/// <summary>From when to when leaf SPTEs are present, in bounded memory.</summary>
/// <remarks>Differs: an event does not say which root its SPTE belongs to, so that two roots share a life.</remarks>
internal sealed class SpteLives(TraceCounts counts)
{
    private const int MostFollowed = 1 << 20;
    private const ulong MmuPresent = 1UL << 11;
    private const ulong Writable = 1UL << 1;
    private const ulong Huge = 1UL << 7;
    private const ulong LevelBits = 3;
    private readonly Dictionary<ulong, long> births = [];

    /// <summary>Whether an SPTE of x86 is present.</summary>
    public static bool IsPresent(ulong spte) => (spte & MmuPresent) != 0;

    /// <summary>Whether an SPTE maps a page.</summary>
    public static bool IsLeaf(ulong spte, ulong level) => IsPresent(spte) && (level == 1 || (spte & Huge) != 0);

    public void Changed(in TraceRecord r)
    {
        (bool was, bool isNow) = (IsLeaf(r.B, r.D), IsLeaf(r.C, r.D));
        counts.TablesLinked += IsPresent(r.C) && !isNow ? 1 : 0;
        counts.TablesRemoved += IsPresent(r.B) && !was ? 1 : 0;
        ulong key = (((r.A << 1) | (r.E & 1)) << (int)LevelBits) | r.D;
        if (was && isNow)
        {
            counts.SptesChanged++;
            counts.SptesWriteProtected += (r.B & Writable) != 0 && (r.C & Writable) == 0 ? 1 : 0;
        }
        else if (isNow)
        {
            counts.SptesInstalled++;
            if (births.Count < MostFollowed)
            {
                births[key] = r.Time;
            }
        }
        else if (was)
        {
            counts.SptesZapped++;
            if (births.Remove(key, out long birth))
            {
                counts.SpteLives.Add(r.Time - birth);
            }
        }
    }

    public void Forget() => births.Clear();
}
