namespace MmuStress.Traces;

/// <summary>From when to when leaf SPTEs are present, in bounded memory.</summary>
/// <remarks>Differs: an event does not say which root its SPTE belongs to, so that two roots share a life.</remarks>
internal sealed class SpteLives(TraceCounts counts)
{
    private const int MostFollowed = 1 << 20;
    private readonly Dictionary<SpteKey, long> births = [];

    public void Changed(in TraceRecord r)
    {
        (bool was, bool isNow) = (SpteBits.IsLeaf(r.B, (int)r.D), SpteBits.IsLeaf(r.C, (int)r.D));
        counts.TablesLinked += SpteBits.IsPresent(r.C) && !isNow ? 1 : 0;
        counts.TablesRemoved += SpteBits.IsPresent(r.B) && !was ? 1 : 0;
        SpteKey key = SpteKey.Of(r.E, r.A, (int)r.D);
        if (was && isNow)
        {
            counts.SptesChanged++;
            counts.SptesWriteProtected += SpteBits.IsWritable(r.B) && !SpteBits.IsWritable(r.C) ? 1 : 0;
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
