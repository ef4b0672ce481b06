namespace MmuStress.Mmu;

/// <summary>The sizes and bits of KVM's binary statistics that are the same for who writes and who reads.</summary>
/// <remarks>Mirrors: include/uapi/linux/kvm.h; Documentation/virt/kvm/api.rst, 4.133 KVM_GET_STATS_FD.</remarks>
internal static class StatFormat
{
    /// <summary>sizeof(struct kvm_stats_header): flags, name_size, num_desc, id_offset, desc_offset, data_offset, each a u32.</summary>
    public const int HeaderBytes = 24;

    /// <summary>sizeof(struct kvm_stats_desc) without its name: flags u32, exponent s16, size u16, offset u32, bucket_size u32.</summary>
    public const int DescriptorBytes = 16;

    /// <summary>KVM_STATS_NAME_SIZE: what a kernel keeps for each name, its '\0' included.</summary>
    public const int NameBytes = 48;

    /// <summary>The size of a value, and what the offsets of blocks and values are multiples of.</summary>
    public const int WordBytes = 8;

    /// <summary>KVM_STATS_UNIT_SHIFT.</summary>
    public const int UnitShift = 4;

    /// <summary>KVM_STATS_BASE_SHIFT.</summary>
    public const int BaseShift = 8;

    /// <summary>The width of each of the three fields of a descriptor's flags, from bit 0 on.</summary>
    public const uint FieldMask = 0xF;

    /// <summary>All bits of a descriptor's flags that mean something.</summary>
    public const uint KnownFlags = 0xFFF;
}
