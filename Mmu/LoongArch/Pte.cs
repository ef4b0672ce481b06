using static MmuStress.Mmu.LoongArchPteBits;

namespace MmuStress.Mmu;

/// <summary>A page-table entry as the postings see it: with the host's own helpers.</summary>
/// <remarks>Mirrors: pte_t, arch/loongarch/include/asm/pgtable.h (v6.6).</remarks>
/// <param name="Value">The entry.</param>
internal readonly record struct Pte(ulong Value)
{
    /// <summary>pte_present().</summary>
    public bool IsPresent => (Value & Present) != 0;

    /// <summary>pte_young().</summary>
    public bool IsYoung => (Value & Accessed) != 0;

    /// <summary>pte_dirty().</summary>
    public bool IsDirty => (Value & (Dirty | Modified)) != 0;

    /// <summary>pte_write().</summary>
    public bool IsWrite => (Value & Write) != 0;

    /// <summary>pte_pfn().</summary>
    public Pfn Pfn => new(Value >> PfnShift);

    /// <summary>pfn_pte().</summary>
    /// <param name="pfn">The page.</param>
    /// <param name="protection">Its bits.</param>
    /// <returns>The entry.</returns>
    public static Pte Of(Pfn pfn, ulong protection) => new((pfn.Value << PfnShift) | protection);

    /// <summary>The entry of the host's own page table, bit by bit as a LoongArch host has it.</summary>
    /// <param name="pte">The host's entry.</param>
    /// <returns>The same entry.</returns>
    public static Pte OfHost(HostPte pte)
    {
        if (!pte.IsPresent)
        {
            return default;
        }

        ulong bits = Present | CacheCoherent;
        bits |= pte.IsYoung ? Accessed : 0;
        bits |= pte.IsWritable ? Write : 0;
        bits |= pte.IsDirty ? Modified : 0;
        bits |= pte.IsDirty && pte.IsWritable ? Dirty : 0;
        return Of(pte.Pfn, bits);
    }

    /// <summary>pte_mkyoung().</summary>
    /// <returns>The entry.</returns>
    public Pte MkYoung() => new(Value | Accessed);

    /// <summary>pte_mkold().</summary>
    /// <returns>The entry.</returns>
    public Pte MkOld() => new(Value & ~Accessed);

    /// <summary>pte_mkdirty().</summary>
    /// <returns>The entry.</returns>
    public Pte MkDirty() => new(Value | Modified | (IsWrite ? Dirty : 0));

    /// <summary>pte_mkclean().</summary>
    /// <returns>The entry.</returns>
    public Pte MkClean() => new(Value & ~(Dirty | Modified));

    /// <summary>pte_wrprotect().</summary>
    /// <returns>The entry.</returns>
    public Pte WrProtect() => new(Value & ~(Write | Dirty));
}
