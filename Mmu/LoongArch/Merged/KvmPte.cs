using static MmuStress.Mmu.LoongArchPteBits;

namespace MmuStress.Mmu;

/// <summary>A page-table entry as the merged code sees it: with helpers of its own.</summary>
/// <remarks>Mirrors: kvm_pte_t, arch/loongarch/include/asm/kvm_mmu.h. Differs: no huge pages.</remarks>
/// <param name="Value">The entry.</param>
internal readonly record struct KvmPte(ulong Value)
{
    /// <summary>kvm_pte_present() on the last level.</summary>
    public bool IsPresent => (Value & Present) != 0;

    /// <summary>kvm_pte_young().</summary>
    public bool IsYoung => (Value & Accessed) != 0;

    /// <summary>kvm_pte_dirty().</summary>
    public bool IsDirty => (Value & Dirty) != 0;

    /// <summary>kvm_pte_write().</summary>
    public bool IsWrite => (Value & Write) != 0;

    /// <summary>kvm_pte_pfn().</summary>
    public Pfn Pfn => new(Value >> PfnShift);

    /// <summary>kvm_pfn_pte().</summary>
    /// <param name="pfn">The page.</param>
    /// <param name="protection">Its bits.</param>
    /// <returns>The entry.</returns>
    public static KvmPte Of(Pfn pfn, ulong protection) => new((pfn.Value << PfnShift) | protection);

    /// <summary>kvm_pte_mkyoung().</summary>
    /// <returns>The entry.</returns>
    public KvmPte MkYoung() => new(Value | Accessed);

    /// <summary>kvm_pte_mkold().</summary>
    /// <returns>The entry.</returns>
    public KvmPte MkOld() => new(Value & ~Accessed);

    /// <summary>kvm_pte_mkdirty().</summary>
    /// <returns>The entry.</returns>
    public KvmPte MkDirty() => new(Value | Dirty);

    /// <summary>kvm_pte_mkclean().</summary>
    /// <returns>The entry.</returns>
    public KvmPte MkClean() => new(Value & ~Dirty);
}
