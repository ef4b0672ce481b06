using System.Runtime.CompilerServices;

namespace MmuStress.Mmu;

/// <summary>The struct pages of page-table pages: on ARM, page_count() says how many entries of a table are in use, plus one.</summary>
/// <remarks>
/// Mirrors: get_page(), put_page(), page_count(), __get_free_pages(), free_pages() as arch/arm/kvm/mmu.c uses them. The last reference frees
/// the page, whoever puts it.
/// Locking: none; the counts are atomics.
/// Differs: allocation fails only where <see cref="FailAfter"/> says so.
/// </remarks>
/// <param name="memory">The page allocator.</param>
public sealed class TablePages(PhysicalMemory memory)
{
    private static readonly string[] Fields = ["page_count"];

    /// <summary>How many more allocations succeed, for tests of error paths; null for all.</summary>
    public int? FailAfter { get; set; }

    /// <summary>__get_free_page(PGALLOC_GFP): one zero-filled page with one reference.</summary>
    /// <param name="name">What people call it.</param>
    /// <returns>The page; null for no memory.</returns>
    public Page? Allocate(string name)
    {
        if (FailAfter is { } left)
        {
            if (left == 0)
            {
                return null;
            }

            FailAfter = left - 1;
        }

        Page page = memory.AllocatePage(name, KvmArch.TablePage);
        page.Fill(0);
        SetCount(page, 1);
        return page;
    }

    /// <summary>__get_free_pages(GFP_KERNEL, order): pages one after the other. Only the first has a reference: they are no compound page.</summary>
    /// <param name="name">What people call them.</param>
    /// <param name="order">The logarithm of how many.</param>
    /// <returns>The pages; null for no memory.</returns>
    public Page[]? AllocateOrder(string name, int order)
    {
        var pages = new Page[1 << order];
        for (int i = 0; i < pages.Length; i++)
        {
            if (Allocate(name) is not { } page)
            {
                return null; // only the first can fail, as it is one allocation
            }

            SetCount(page, i == 0 ? 1UL : 0);
            pages[i] = page;
            FailAfter += i < pages.Length - 1 ? 1 : 0;
        }

        return pages;
    }

    /// <summary>mmu_memory_cache_alloc(): a zero-filled page with one reference.</summary>
    /// <param name="cpu">Whose cache it is.</param>
    /// <param name="cache">The cache.</param>
    /// <returns>The page.</returns>
    public Page Allocate(Cpu cpu, MemoryCache cache)
    {
        Page page = cache.Allocate(cpu);
        cpu.Fill(page, 0);
        SetCount(page, 1);
        return page;
    }

    /// <summary>get_page().</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="page">The table.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>When it has one more reference.</returns>
    public Step GetPage(Cpu cpu, Page page, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => cpu.AtomicAdd(CountOf(page), 1, file, line);

    /// <summary>put_page(): the last reference frees the page.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="page">The table.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>When it has one less.</returns>
    public async Coroutine PutPage(Cpu cpu, Page page, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong left = await cpu.AddReturn(CountOf(page), -1, file, line);
        Kvm.WarnOn(cpu, left == ulong.MaxValue, "put_page() of a page-table page that nobody has a reference to");
        if (left == 0)
        {
            cpu.Log($"  free_page(table {page.FrameNumber})");
            memory.FreePage(cpu, page);
        }
    }

    /// <summary>page_count().</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="page">The table.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The number of references.</returns>
    public Step PageCount(Cpu cpu, Page page, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => cpu.ReadOnce(CountOf(page), file, line);

    /// <summary>free_pages(): puts the first page's reference and, if that was the last, gives all of them back.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="pages">What <see cref="AllocateOrder"/> returned.</param>
    /// <returns>When it is done.</returns>
    public async Coroutine FreePages(Cpu cpu, Page[] pages)
    {
        if (await cpu.AddReturn(CountOf(pages[0]), -1) != 0)
        {
            return; // who has the other reference frees the first page, and nobody the others
        }

        foreach (Page page in pages)
        {
            cpu.Log($"  free_page(table {page.FrameNumber})");
            memory.FreePage(cpu, page);
        }
    }

    /// <summary>page_count() for checkers: no step.</summary>
    /// <param name="page">The table.</param>
    /// <returns>The number of references.</returns>
    public static ulong Peek(Page page) => CountOf(page).Peek;

    private static Word CountOf(Page page)
    {
        Invariant.Holds(page.Count is not null, "the references of a page-table page are counted");
        return page.Count.Value;
    }

    private void SetCount(Page page, ulong count)
    {
        page.Count ??= memory.Allocate("struct page", Fields)[0];
        page.Count.Value.Initialise(count);
    }
}
