namespace MmuStress.Mmu;

/// <summary>The base of the power by which a statistic is to be multiplied.</summary>
/// <remarks>Mirrors: KVM_STATS_BASE_*, include/uapi/linux/kvm.h; the values are those of bits 8 to 11 of a descriptor's flags.</remarks>
public enum StatBase
{
    /// <summary>KVM_STATS_BASE_POW10.</summary>
    Pow10 = 0,

    /// <summary>KVM_STATS_BASE_POW2.</summary>
    Pow2 = 1,
}
