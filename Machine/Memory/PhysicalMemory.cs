using System.Collections.Concurrent;
using System.Threading;

namespace MmuStress.Machine;

/// <summary>The page allocator and the memory of kernel structures.</summary>
/// <remarks>
/// Freed memory is poisoned and stays quarantined for the rest of an explored run, so that every later use is recognised;
/// free-running, a freed page's object is never handed out again, only its frame number. Freeing is no error: using what was freed is.
/// </remarks>
public sealed class PhysicalMemory
{
    private const int LargestPooledByLength = 32;
    private const int MaxAllocators = 65;
    private const int AllocatorShift = 20;

    private readonly Multiprocessor machine;
    private readonly bool recycle;
    private readonly int wordsPerPage;
    private readonly BlockPool?[] poolsByLength = new BlockPool?[LargestPooledByLength + 1];
    private readonly Dictionary<int, BlockPool> poolsOfLarge = [];
    private readonly List<Page> pooledPages = [];
    private readonly List<Block> live = [];
    private readonly ConcurrentQueue<ulong> freeFrames = new();
    private Page?[] frames = new Page?[64];
    private int framesInUse;
    private readonly int[] blocksOf = new int[MaxAllocators];
    private int nextBlock;

    internal PhysicalMemory(Multiprocessor machine, bool recycle, int wordsPerPage)
    {
        this.machine = machine;
        this.recycle = recycle;
        this.wordsPerPage = wordsPerPage;
    }

    /// <summary>Who is told of looks and frees in memory that is handed out from now on; null, the normal case, for nobody.</summary>
    public MemoryObserver? Observer { get; set; }

    /// <summary>Who allocates, in an explored run: 0 while it is set up, then 1 and the CPU's number.</summary>
    public int Allocator { get; set; }

    /// <summary>How many words a page has.</summary>
    public int WordsPerPage => wordsPerPage;

    /// <summary>Whether memory is handed out afresh in every run, by one thread (explored), and not left to the garbage collector (native).</summary>
    public bool IsRecycled => recycle;

    /// <summary>How many pages are allocated now.</summary>
    public int AllocatedPages { get; private set; }

    /// <summary>The page with frame number <paramref name="frameNumber"/>, allocated or freed.</summary>
    /// <param name="frameNumber">The frame number.</param>
    /// <returns>The page, or null where no page ever had that number.</returns>
    public Page? PageAt(ulong frameNumber)
    {
        Page?[] now = Volatile.Read(ref frames);
        return frameNumber < (ulong)now.Length ? Volatile.Read(ref now[frameNumber]) : null;
    }

    /// <summary>Memory for a kernel structure, zeroed.</summary>
    /// <param name="name">The structure's name.</param>
    /// <param name="fields">The names of its words, which also say how many there are.</param>
    /// <returns>The memory.</returns>
    public Block Allocate(string name, params string[] fields) => Allocate(name, fields.Length, BlockKind.Static, fields);

    /// <summary>Memory for a kernel structure, zeroed.</summary>
    /// <param name="name">The structure's name.</param>
    /// <param name="length">How many words.</param>
    /// <param name="kind">What it is used for.</param>
    /// <param name="fields">The names of its words; null to number them.</param>
    /// <returns>The memory.</returns>
    public Block Allocate(string name, int length, BlockKind kind, string[]? fields = null)
    {
        if (!recycle)
        {
            var fresh = new Block(length);
            fresh.Describe(name, kind, fields);
            fresh.Id = Interlocked.Increment(ref nextBlock) - 1;
            return fresh;
        }

        Block block = PoolOf(length).Take();
        block.Describe(name, kind, fields);
        block.IsFreed = false;
        block.Id = NextId();
        if (!ReferenceEquals(block.Observer, Observer))
        {
            block.Observer = Observer;
        }

        if (kind.Leak is not null)
        {
            live.Add(block);
        }

        return block;
    }

    /// <summary>Gives a structure's memory back: it is poisoned, and using it from now on is a violation.</summary>
    /// <param name="cpu">Who frees it.</param>
    /// <param name="block">The memory.</param>
    public void Free(Cpu cpu, Block block)
    {
        if (block.IsFreed)
        {
            machine.Report(new Violation(block.Kind.UseAfterFree, $"{block.Name} is freed twice"), cpu);
            return;
        }

        block.Observer?.Freed(block);
        block.IsFreed = true;
        if (recycle)
        {
            block.Refill(Block.Poison);
        }
        else
        {
            block.Fill(Block.Poison);
        }
    }

    /// <summary>A page with whatever content it had: the kernel's __get_free_page without __GFP_ZERO.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="kind">What it is used for.</param>
    /// <returns>The page.</returns>
    public Page AllocatePage(string name, BlockKind kind) => recycle ? AllocatePooledPage(name, kind) : AllocateFreshPage(name, kind);

    /// <summary>Gives a page back: it is poisoned, and using it from now on is a violation.</summary>
    /// <param name="cpu">Who frees it.</param>
    /// <param name="page">The page.</param>
    public void FreePage(Cpu cpu, Page page)
    {
        bool wasFreed = page.IsFreed;
        Free(cpu, page);
        if (wasFreed)
        {
            return;
        }

        if (recycle)
        {
            AllocatedPages--;
        }
        else
        {
            lock (freeFrames)
            {
                AllocatedPages--;
            }

            freeFrames.Enqueue(page.FrameNumber);
        }
    }

    /// <summary>Forgets every allocation, for the next run.</summary>
    internal void Reset()
    {
        foreach (BlockPool? pool in poolsByLength)
        {
            pool?.Reset();
        }

        foreach (BlockPool pool in poolsOfLarge.Values)
        {
            pool.Reset();
        }

        live.Clear();
        framesInUse = 0;
        Array.Clear(blocksOf);
        Allocator = 0;
        AllocatedPages = 0;
    }

    /// <summary>Reports what must not be left at the end of a run.</summary>
    internal void ReportLeaks()
    {
        foreach (Block block in live)
        {
            if (!block.IsFreed && block.Kind.Leak is { } invariant)
            {
                machine.Report(new Violation(invariant, $"{block.Name} ({block.Kind.Name}) was never freed"), null);
                return;
            }
        }
    }

    private int NextId() => (Allocator << AllocatorShift) | blocksOf[Allocator]++;

    private BlockPool PoolOf(int length)
    {
        if (length <= LargestPooledByLength)
        {
            return poolsByLength[length] ??= new BlockPool(length);
        }

        if (!poolsOfLarge.TryGetValue(length, out BlockPool? pool))
        {
            poolsOfLarge[length] = pool = new BlockPool(length);
        }

        return pool;
    }

    private Page AllocatePooledPage(string name, BlockKind kind)
    {
        if (framesInUse == pooledPages.Count)
        {
            var added = new Page(wordsPerPage) { FrameNumber = (ulong)framesInUse + 1 };
            pooledPages.Add(added);
            SetFrame(added);
        }

        Page page = pooledPages[framesInUse++];
        page.Refill(Block.Uninitialised); // not what an earlier run left: a schedule must do the same every time
        page.Describe(name, kind, null);
        page.Count = null;
        page.IsFreed = false;
        page.Id = NextId();
        page.Observer = Observer;
        AllocatedPages++;
        if (kind.Leak is not null)
        {
            live.Add(page);
        }

        return page;
    }

    private Page AllocateFreshPage(string name, BlockKind kind)
    {
        var page = new Page(wordsPerPage);
        page.Describe(name, kind, null);
        page.Id = Interlocked.Increment(ref nextBlock) - 1;
        if (!freeFrames.TryDequeue(out ulong frame))
        {
            frame = (ulong)Interlocked.Increment(ref framesInUse);
        }

        page.FrameNumber = frame;
        lock (freeFrames)
        {
            AllocatedPages++;
            SetFrame(page);
        }

        return page;
    }

    private void SetFrame(Page page)
    {
        if (page.FrameNumber >= (ulong)frames.Length)
        {
            Page?[] larger = new Page?[Math.Max(frames.Length * 2, (int)page.FrameNumber + 1)];
            Array.Copy(frames, larger, frames.Length);
            Volatile.Write(ref frames, larger);
        }

        Volatile.Write(ref frames[page.FrameNumber], page);
    }
}
