namespace MmuStress.Mmu;

/// <summary>A page of host memory: how many use it, what is known of its use, and what is in it.</summary>
/// <remarks>
/// Mirrors: struct page and the page itself; one 64-bit word stands for the page's bytes.
/// Locking: none, every word is accessed atomically, as in the kernel. Any use after the last reference was put is a violation of NoPageUseAfterFree.
/// </remarks>
public sealed class Frame
{
    /// <summary>PG_referenced, in <see cref="Flags"/>.</summary>
    public const ulong Accessed = 1;

    /// <summary>PG_dirty, in <see cref="Flags"/>.</summary>
    public const ulong Dirty = 2;

    private const int ContentIndex = 2;

    private static readonly string[] FieldNames = ["page.refcount", "page.flags", "page.content"];
    private static readonly string[] SmallNames = [.. Enumerable.Range(0, 256).Select(pfn => $"pfn {pfn}")];

    /// <summary>What its memory is used for. The guest and user space order their own accesses; how is not the MMU's business.</summary>
    public static BlockKind Kind { get; } = new("host page", "NoPageUseAfterFree") { OrderedWords = 1 << ContentIndex };

    internal Frame(Multiprocessor machine, Pfn pfn, bool isZeroPage)
    {
        Pfn = pfn;
        IsZeroPage = isZeroPage;
        string name = pfn.Value < (ulong)SmallNames.Length ? SmallNames[pfn.Value] : $"pfn {pfn}";
        Block = machine.Memory.Allocate(name, FieldNames.Length, Kind, FieldNames);
        Block[0].Initialise(1);
    }

    /// <summary>Its number.</summary>
    public Pfn Pfn { get; }

    /// <summary>Whether it is the shared page of zeroes, which is never freed and whose references are not counted.</summary>
    public bool IsZeroPage { get; }

    /// <summary>page_count: how many hold it: each host mapping, and whoever looked it up and has not let go.</summary>
    public Word RefCount => Block[0];

    /// <summary>page->flags.</summary>
    public Word Flags => Block[1];

    /// <summary>What is in the page.</summary>
    public Word Content => Block[ContentIndex];

    /// <summary>Whether the last reference was put.</summary>
    public bool IsFreed => Block.IsFreed;

    internal Block Block { get; }

    /// <summary>mark_page_accessed, which is what kvm_set_pfn_accessed does.</summary>
    /// <returns>When it is marked.</returns>
    public Step MarkAccessed(Cpu cpu) => cpu.AtomicOr(Flags, Accessed);

    /// <summary>SetPageDirty, which is what kvm_set_pfn_dirty does.</summary>
    /// <returns>When it is marked.</returns>
    public Step MarkDirty(Cpu cpu) => cpu.AtomicOr(Flags, Dirty);

    /// <inheritdoc/>
    public override string ToString() => $"pfn {Pfn}";
}
