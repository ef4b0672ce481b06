namespace MmuStress.Mmu;

/// <summary>The address space of the process that owns the guest: its VMAs, its page table, and who is told when that changes.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> An entry of the page table changes only under the page_table_lock, and one that maps a page changes to something else only
/// between a start and an end of every notifier. A page found under that lock is mapped, so that a reference to it can be taken.
/// </para>
/// <para>
/// Mirrors: struct mm_struct and mm/ of v6.1, as far as KVM's notifiers can see it; each operation is in a file of its own.
/// Locking: mmap_lock > notifiers > page_table_lock > what the notifiers take that are called under it.
/// Differs: one table of entries instead of a tree; the page_table_lock is split by 512 pages, as the kernel's is. The host's own TLB is not
/// modelled: an access by the host's user space holds the page_table_lock, since a change there waits until no CPU uses the old entry.
/// </para>
/// </remarks>
public sealed partial class HostMm
{
    private const int PagesPerTableShift = 9;

    private static readonly LockClass MmapLockClass = new("mmap_lock", maySleep: true);
    private static readonly LockClass PageTableLockClass = new("page_table_lock", maySleep: false);

    private readonly Multiprocessor machine;
    private readonly SpinLock[] pageTableLocks;

    // Guarded by the page_table_lock of the page:
    private readonly Block pageTable;

    // Guarded by mmap_lock:
    private readonly List<Vma> vmas = new(2);

    /// <summary>An address space with one writable anonymous VMA over all its pages, none of which is mapped.</summary>
    /// <param name="machine">The machine it is on.</param>
    /// <param name="pages">How many pages it has, numbered from 0.</param>
    /// <param name="parameters">What else can be chosen; null for the usual.</param>
    /// <param name="memory">The host's memory, to share it with another address space; null for memory of its own.</param>
    public HostMm(Multiprocessor machine, int pages, HostMmParameters? parameters = null, HostMemory? memory = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pages);
        this.machine = machine;
        Pages = pages;
        Parameters = parameters ?? DefaultParameters;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Parameters.GatherBatch, nameof(parameters));
        Memory = memory ?? new HostMemory(machine);
        MmapLock = new RwSemaphore(machine, MmapLockClass);
        pageTableLocks = new SpinLock[((pages - 1) >> PagesPerTableShift) + 1];
        for (int i = 0; i < pageTableLocks.Length; i++)
        {
            pageTableLocks[i] = new SpinLock(machine, PageTableLockClass);
        }

        pageTable = machine.Memory.Allocate("host_pte", pages, BlockKind.Static);
        migrationsDone = machine.Memory.Allocate("migrations_done", 1, BlockKind.Static)[0];
        vmas.Add(new Vma(machine, HvaRange.OfPages(0, (ulong)pages), VmaFlags.Write));
        InitialiseNotifiers();
    }

    /// <summary>How many pages it has, numbered from 0.</summary>
    public int Pages { get; }

    /// <summary>What was chosen for it.</summary>
    public HostMmParameters Parameters { get; }

    /// <summary>The host's page frames.</summary>
    public HostMemory Memory { get; }

    /// <summary>mmap_lock: protects the VMAs; held for read while pages are faulted in or zapped.</summary>
    public RwSemaphore MmapLock { get; }

    /// <summary>Whom the tracepoints call; null for nobody.</summary>
    public IHostTracepoints? Tracepoints { get; set; }

    private static HostMmParameters DefaultParameters { get; } = new();

    /// <summary>The page_table_lock of the page at <paramref name="hva"/>.</summary>
    /// <returns>The lock.</returns>
    public SpinLock PageTableLock(Hva hva) => LockOf(hva.Page);

    /// <summary>find_vma_intersection(mm, hva, hva + 1): the VMA that <paramref name="hva"/> lies in.</summary>
    /// <remarks>Locking: mmap_lock.</remarks>
    /// <returns>The VMA, which may be freed as soon as mmap_lock is given back; null where there is none.</returns>
    public Vma? FindVma(Cpu cpu, Hva hva)
    {
        MmapLock.AssertHeld(cpu);
        foreach (Vma vma in vmas)
        {
            if (hva < vma.End(cpu) && hva >= vma.Start(cpu))
            {
                return vma;
            }
        }

        return null;
    }

    /// <summary>What the page table says of the page at <paramref name="hva"/>, seen by nobody: for checkers and diagrams.</summary>
    /// <returns>The entry.</returns>
    public HostPte Peek(Hva hva) => hva.Page < (ulong)Pages ? new HostPte(pageTable[(int)hva.Page].Peek) : HostPte.None;

    /// <summary>Maps a fresh page writable, before any CPU runs.</summary>
    /// <param name="hva">Where.</param>
    /// <param name="content">What is in it.</param>
    /// <returns>The page.</returns>
    public Frame Populate(Hva hva, ulong content = 0)
    {
        Frame frame = Memory.Allocate();
        frame.Content.Initialise(content);
        pageTable[(int)hva.Page].Initialise(HostPte.Of(frame.Pfn, writable: true).Raw);
        return frame;
    }

    private SpinLock LockOf(ulong page) => pageTableLocks[page >> PagesPerTableShift];

    private HostPte ReadPte(Cpu cpu, ulong page) => new(cpu.Read(pageTable[(int)page]));

    private void WritePte(Cpu cpu, ulong page, HostPte pte) => cpu.Write(pageTable[(int)page], pte.Raw);

    private ulong EndOfTable(ulong page, ulong end) => Math.Min(end, ((page >> PagesPerTableShift) + 1) << PagesPerTableShift);

    private void CheckRange(HvaRange range)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(range.IsEmpty, true, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.End.Page, (ulong)Pages, nameof(range));
    }

    private static HvaRange PageRange(ulong page) => HvaRange.OfPages(page, 1);
}
