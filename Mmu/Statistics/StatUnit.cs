namespace MmuStress.Mmu;

/// <summary>What a statistic counts; in a histogram, what the bounds of its ranges count.</summary>
/// <remarks>Mirrors: KVM_STATS_UNIT_*, include/uapi/linux/kvm.h; the values are those of bits 4 to 7 of a descriptor's flags.</remarks>
public enum StatUnit
{
    /// <summary>KVM_STATS_UNIT_NONE: things.</summary>
    None = 0,

    /// <summary>KVM_STATS_UNIT_BYTES.</summary>
    Bytes = 1,

    /// <summary>KVM_STATS_UNIT_SECONDS.</summary>
    Seconds = 2,

    /// <summary>KVM_STATS_UNIT_CYCLES: of a CPU's clock.</summary>
    Cycles = 3,

    /// <summary>KVM_STATS_UNIT_BOOLEAN: 0 or 1.</summary>
    Boolean = 4,
}
