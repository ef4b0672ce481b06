namespace MmuStress.Mmu;

/// <summary>What kind of number a statistic is.</summary>
/// <remarks>Mirrors: KVM_STATS_TYPE_*, include/uapi/linux/kvm.h; the values are those of bits 0 to 3 of a descriptor's flags.</remarks>
public enum StatType
{
    /// <summary>KVM_STATS_TYPE_CUMULATIVE: a count that never falls.</summary>
    Cumulative = 0,

    /// <summary>KVM_STATS_TYPE_INSTANT: what is the case now.</summary>
    Instant = 1,

    /// <summary>KVM_STATS_TYPE_PEAK: the most that was ever the case.</summary>
    Peak = 2,

    /// <summary>KVM_STATS_TYPE_LINEAR_HIST: how many samples fell into each of several ranges of one size, the last of which has no end.</summary>
    LinearHist = 3,

    /// <summary>KVM_STATS_TYPE_LOG_HIST: the same with the ranges [0, 1), [1, 2), [2, 4), [4, 8) and so on.</summary>
    LogHist = 4,
}
