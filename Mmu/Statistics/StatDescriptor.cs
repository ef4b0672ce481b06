namespace MmuStress.Mmu;

/// <summary>What a statistic is called and how its values are to be read.</summary>
/// <remarks>Mirrors: struct kvm_stats_desc and the STATS_DESC_*() macros, include/linux/kvm_host.h (v6.8).</remarks>
/// <param name="Name">Its name: "pf_taken"; less than 48 bytes of ASCII.</param>
/// <param name="Type">What kind of number it is.</param>
/// <param name="Unit">What it counts.</param>
/// <param name="Base">A value is to be multiplied by this ...</param>
/// <param name="Exponent">... to the power of this.</param>
/// <param name="Size">How many values it has: 1, or the ranges of a histogram.</param>
/// <param name="BucketSize">The size of a range of a linear histogram; else 0.</param>
public sealed record StatDescriptor(string Name, StatType Type, StatUnit Unit, StatBase Base, short Exponent, ushort Size, uint BucketSize)
{
    /// <summary>What it says, in a few words; no part of the file.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Whether it is a histogram.</summary>
    public bool IsHistogram => Type is StatType.LinearHist or StatType.LogHist;

    /// <summary>STATS_DESC_COUNTER.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="summary">What it says.</param>
    /// <returns>The descriptor.</returns>
    public static StatDescriptor Counter(string name, string summary) => Simple(name, StatType.Cumulative, StatUnit.None, summary);

    /// <summary>STATS_DESC_ICOUNTER.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="summary">What it says.</param>
    /// <returns>The descriptor.</returns>
    public static StatDescriptor Instant(string name, string summary) => Simple(name, StatType.Instant, StatUnit.None, summary);

    /// <summary>STATS_DESC_INSTANT in units of 2^<paramref name="exponent"/> bytes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="exponent">The exponent.</param>
    /// <param name="summary">What it says.</param>
    /// <returns>The descriptor.</returns>
    public static StatDescriptor InstantBytes(string name, short exponent, string summary) =>
        new(name, StatType.Instant, StatUnit.Bytes, StatBase.Pow2, exponent, 1, 0) { Summary = summary };

    /// <summary>STATS_DESC_IBOOLEAN.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="summary">What it says.</param>
    /// <returns>The descriptor.</returns>
    public static StatDescriptor Boolean(string name, string summary) => Simple(name, StatType.Instant, StatUnit.Boolean, summary);

    /// <summary>STATS_DESC_PCOUNTER.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="summary">What it says.</param>
    /// <returns>The descriptor.</returns>
    public static StatDescriptor Peak(string name, string summary) => Simple(name, StatType.Peak, StatUnit.None, summary);

    /// <summary>STATS_DESC_LINEAR_HIST of things.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="size">How many ranges.</param>
    /// <param name="bucketSize">The size of each.</param>
    /// <param name="summary">What it says.</param>
    /// <returns>The descriptor.</returns>
    public static StatDescriptor LinearHist(string name, ushort size, uint bucketSize, string summary) =>
        new(name, StatType.LinearHist, StatUnit.None, StatBase.Pow10, 0, size, bucketSize) { Summary = summary };

    /// <summary>STATS_DESC_LOG_HIST of things.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="size">How many ranges.</param>
    /// <param name="summary">What it says.</param>
    /// <returns>The descriptor.</returns>
    public static StatDescriptor LogHist(string name, ushort size, string summary) =>
        new(name, StatType.LogHist, StatUnit.None, StatBase.Pow10, 0, size, 0) { Summary = summary };

    /// <summary>The range of a histogram that a sample falls into.</summary>
    /// <remarks>Mirrors: kvm_stats_linear_hist_update(), kvm_stats_log_hist_update(), include/linux/kvm_host.h.</remarks>
    /// <param name="sample">The sample.</param>
    /// <returns>The range's index.</returns>
    public int BucketOf(ulong sample)
    {
        ulong index = Type == StatType.LinearHist ? sample / BucketSize : 64 - (ulong)ulong.LeadingZeroCount(sample); // fls64()
        return (int)Math.Min(index, Size - 1UL);
    }

    /// <summary>Where a range of a histogram begins; it ends before the next one, the last one never.</summary>
    /// <param name="bucket">The range's index.</param>
    /// <returns>The least sample in it, before it is multiplied by <see cref="Base"/> to the power of <see cref="Exponent"/>.</returns>
    public UInt128 StartOf(int bucket) =>
        Type == StatType.LinearHist ? (UInt128)(uint)bucket * BucketSize : bucket == 0 ? 0 : UInt128.One << Math.Min(bucket - 1, 127);

    private static StatDescriptor Simple(string name, StatType type, StatUnit unit, string summary) =>
        new(name, type, unit, StatBase.Pow10, 0, 1, 0) { Summary = summary };
}
