namespace MmuStress.Mmu;

/// <summary>Which pages of a memslot were written, and a scratch copy of it.</summary>
/// <remarks>
/// Mirrors: slot->dirty_bitmap and kvm_second_dirty_bitmap() (v6.8).
/// Locking: bits are set atomically by anyone; cleared atomically under mmu_lock and slots_lock; the scratch half belongs to slots_lock.
/// </remarks>
public sealed class DirtyBitmap
{
    /// <summary>BITS_PER_LONG: how many pages a word is for.</summary>
    public const int PagesPerWord = 64;

    private static readonly BlockKind Kind = new("dirty bitmap", MmuInvariants.SlotLifetime);

    private readonly Block block;

    internal DirtyBitmap(Multiprocessor machine, ulong npages)
    {
        Npages = npages;
        WordCount = (int)((npages + PagesPerWord - 1) / PagesPerWord);
        block = machine.Memory.Allocate("dirty_bitmap", WordCount * 2, Kind);
    }

    /// <summary>How many pages it is for.</summary>
    public ulong Npages { get; }

    /// <summary>How many words it has.</summary>
    public int WordCount { get; }

    /// <summary>The word for the 64 pages from 64 times <paramref name="index"/> on.</summary>
    /// <param name="index">Which word.</param>
    /// <returns>The word.</returns>
    public Word this[int index] => block[index];

    /// <summary>The same word of the scratch copy.</summary>
    /// <param name="index">Which word.</param>
    /// <returns>The word.</returns>
    public Word Scratch(int index) => block[WordCount + index];

    // bitmap_set(), before the bitmap is published.
    internal void SetAll(Cpu cpu)
    {
        for (int i = 0; i < WordCount; i++)
        {
            ulong pages = Npages - ((ulong)i * PagesPerWord);
            cpu.Write(block[i], pages >= PagesPerWord ? ulong.MaxValue : (1UL << (int)pages) - 1);
        }
    }

    // kvfree().
    internal void Free(Cpu cpu) => cpu.Machine.Memory.Free(cpu, block);
}
