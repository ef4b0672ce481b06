namespace MmuStress.Mmu;

/// <summary>What a walk wants and what it has found: one class for all walkers.</summary>
/// <remarks>Mirrors: struct kvm_pgtable_walk_data, struct stage2_map_data, struct stage2_attr_data, struct stage2_age_data.</remarks>
internal sealed class WalkData
{
    /// <summary>data->addr: the frame that is visited next.</summary>
    public Gfn Addr { get; set; }

    /// <summary>data->end: the frame after the last.</summary>
    public Gfn End { get; init; }

    /// <summary>ctx->start: the first frame of all.</summary>
    public Gfn Start { get; init; }

    /// <summary>stage2_map_data.phys: the page that <see cref="Start"/> is mapped to.</summary>
    public Pfn Phys { get; init; }

    /// <summary>stage2_map_data.attr: the bits of what is mapped.</summary>
    public ulong Attr { get; init; }

    /// <summary>stage2_map_data.memcache.</summary>
    public MemoryCache? Memcache { get; init; }

    /// <summary>stage2_attr_data.attr_set.</summary>
    public ulong AttrSet { get; init; }

    /// <summary>stage2_attr_data.attr_clr.</summary>
    public ulong AttrClr { get; init; }

    /// <summary>stage2_age_data.young.</summary>
    public bool Young { get; set; }
}
