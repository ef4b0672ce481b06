namespace MmuStress.Mmu;

/// <summary>A VM, as far as its MMU goes.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> While no invalidation of a frame is in progress, a present stage-2 entry maps the page that the host maps there. The
/// mechanism is <see cref="MmuInvalidateSeq"/> and <see cref="MmuInvalidateInProgress"/> (Notifier/), two sets of memslots under SRCU
/// (Memslots/), and a TLB flush before what was mapped is freed (Kvm.Requests.cs).
/// </para>
/// Mirrors: struct kvm, kvm_create_vm(), kvm_destroy_vm(), virt/kvm/kvm_main.c (v6.8).
/// Locking: slots_lock, then slots_arch_lock; srcu, then mmu_lock or mn_invalidate_lock. Nobody sleeps under the last two.
/// </remarks>
public sealed partial class Kvm
{
    private const int InProgressField = 0;
    private const int SeqField = 1;
    private const int RangeStartField = 2;
    private const int RangeEndField = 3;
    private const int ActiveInvalidateField = 4;
    private const int UpdateRcuwaitField = 5;
    private const int NrMemslotPagesField = 6;
    private const int NrDirtyLoggingField = 7;
    private const int MemslotsField = 8;

    private static readonly LockClass MmuLockClass = new("mmu_lock", maySleep: false, isHeadline: true);
    private static readonly LockClass SlotsLockClass = new("slots_lock", maySleep: true, isHeadline: true);
    private static readonly LockClass SlotsArchLockClass = new("slots_arch_lock", maySleep: true);
    private static readonly LockClass MnInvalidateLockClass = new("mn_invalidate_lock", maySleep: false);

    private static readonly string[] Fields =
    [
        "mmu_invalidate_in_progress", "mmu_invalidate_seq", "mmu_invalidate_range_start", "mmu_invalidate_range_end",
        "mn_active_invalidate_count", "mn_memslots_update_rcuwait", "nr_memslot_pages", "nr_memslots_dirty_logging",
        "memslots[0]", "memslots[1]",
    ];

    private readonly Block block;
    private readonly NumberTable<Memslot> memslotTable; // by what stands for a memslot's address, as a word holds no reference
    private readonly MemslotSet[] memslotSets;
    private readonly ulong seqMask;
    private readonly ulong generationMask;

    /// <summary>A VM without memory and without vCPUs, whose notifier is registered with <paramref name="mm"/>.</summary>
    /// <param name="machine">The machine it runs on.</param>
    /// <param name="mm">The host process that owns it.</param>
    /// <param name="parameters">Its shape.</param>
    /// <param name="architecture">Which MMU; see <see cref="MmuArchitectures"/>.</param>
    /// <param name="host">Where it runs, with other VMs; null for a host of its own, made by its parameters.</param>
    /// <param name="notifier">Makes the notifier, for one as posted; null for today's.</param>
    public Kvm(Multiprocessor machine, HostMm mm, KvmParameters parameters, MmuArchitecture architecture, Host? host = null, Func<Kvm, KvmMmuNotifier>? notifier = null)
    {
        parameters.Validate();
        this.host = host;
        Machine = machine;
        Mm = mm;
        Parameters = parameters;
        seqMask = ulong.MaxValue >> (64 - parameters.SeqBits);
        generationMask = ulong.MaxValue >> (64 - parameters.GenerationBits);
        block = machine.Memory.Allocate("kvm", Fields);
        MmuLock = architecture.HasMmuRwLock ? new RwLock(machine, MmuLockClass) : new SpinLock(machine, MmuLockClass);
        SlotsLock = new Mutex(machine, SlotsLockClass);
        SlotsArchLock = new Mutex(machine, SlotsArchLockClass);
        MnInvalidateLock = new SpinLock(machine, MnInvalidateLockClass);
        Srcu = new Srcu(machine);
        memslotTable = new NumberTable<Memslot>(machine);
        memslotSets = new MemslotSet[parameters.AddressSpaces * 2];
        for (int i = 0; i < memslotSets.Length; i++)
        {
            memslotSets[i] = new MemslotSet(machine, memslotTable, parameters.MemslotLimit, i / 2);
        }

        Arch = architecture.Create(this);
        MmuNotifier = notifier is null ? new KvmMmuNotifier(this) : notifier(this);
        mm.RegisterNotifier(MmuNotifier);
    }

    /// <summary>The machine it runs on.</summary>
    public Multiprocessor Machine { get; }

    /// <summary>kvm->mm: the host process that owns it.</summary>
    public HostMm Mm { get; }

    /// <summary>Its shape.</summary>
    public KvmParameters Parameters { get; }

    /// <summary>Its MMU.</summary>
    public KvmArch Arch { get; }

    /// <summary>kvm->mmu_notifier.</summary>
    public KvmMmuNotifier MmuNotifier { get; }

    /// <summary>Whom the tracepoints call; null for nobody.</summary>
    public IMmuTracepoints? Tracepoints { get; set; }

    /// <summary>kvm->mmu_lock: guards the stage-2 page table and the invalidation counters.</summary>
    /// <remarks>Mirrors: KVM_HAVE_MMU_RWLOCK, KVM_MMU_LOCK(): whoever says only "lock" takes it for write.</remarks>
    public Lock MmuLock { get; }

    /// <summary>The same lock where the architecture has faults take it for read.</summary>
    public RwLock MmuRwLock => (RwLock)MmuLock;

    /// <summary>kvm->slots_lock: one update of the memslots, or one reading of a dirty log, at a time.</summary>
    public Mutex SlotsLock { get; }

    /// <summary>kvm->slots_arch_lock: guards what architectures keep in memslots; may be taken inside an SRCU section.</summary>
    public Mutex SlotsArchLock { get; }

    /// <summary>kvm->mn_invalidate_lock: guards <see cref="MnActiveInvalidateCount"/> and, with it, the publishing of memslots.</summary>
    public SpinLock MnInvalidateLock { get; }

    /// <summary>kvm->srcu: readers of memslots.</summary>
    public Srcu Srcu { get; }

    // Written under mmu_lock, with marked writes because the first two are also read without it:

    /// <summary>kvm->mmu_invalidate_in_progress: how many invalidations are between begin and end.</summary>
    public Word MmuInvalidateInProgress => block[InProgressField];

    /// <summary>kvm->mmu_invalidate_seq: how many invalidations have ended.</summary>
    public Word MmuInvalidateSeq => block[SeqField];

    /// <summary>kvm->mmu_invalidate_range_start.</summary>
    public Word MmuInvalidateRangeStart => block[RangeStartField];

    /// <summary>kvm->mmu_invalidate_range_end.</summary>
    public Word MmuInvalidateRangeEnd => block[RangeEndField];

    // Written under mn_invalidate_lock:

    /// <summary>kvm->mn_active_invalidate_count: how many notifications are between start and end, whether a memslot was hit or not.</summary>
    public Word MnActiveInvalidateCount => block[ActiveInvalidateField];

    /// <summary>kvm->mn_memslots_update_rcuwait: 1 while who updates the memslots sleeps until no notification is active.</summary>
    public Word MnMemslotsUpdateRcuwait => block[UpdateRcuwaitField];

    // Written under slots_lock:

    /// <summary>kvm->nr_memslot_pages: how many pages all memslots have.</summary>
    public Word NrMemslotPages => block[NrMemslotPagesField];

    /// <summary>kvm->nr_memslots_dirty_logging: how many memslots track writes.</summary>
    public Word NrMemslotsDirtyLogging => block[NrDirtyLoggingField];

    /// <summary>kvm->memslots[as_id]: which of the two sets of an address space is active, 0 or 1.</summary>
    /// <remarks>Locking: stored under slots_lock, slots_arch_lock and mn_invalidate_lock; read under srcu or slots_lock.</remarks>
    /// <param name="addressSpace">The address space.</param>
    /// <returns>The pointer.</returns>
    public Word ActiveMemslots(int addressSpace) => block[MemslotsField + addressSpace];

    /// <summary>kvm_destroy_vm(): unregisters the notifier, which releases the page table, and gives everything back.</summary>
    /// <remarks>
    /// Mirrors: kvm_destroy_vm(), kvm_arch_destroy_vm().
    /// Locking: none; the caller has the last reference.
    /// </remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>When nothing is left.</returns>
    public async Coroutine Destroy(Cpu cpu)
    {
        cpu.Log($"kvm_destroy_vm()");
        await Mm.UnregisterNotifier(cpu, MmuNotifier);
        await MmuNotifier.Unregistered(cpu);
        if (Parameters.DeletesMemslotsAtDestroy)
        {
            await DeleteMemslots(cpu);
        }

        DestroyVcpus(cpu);
        await Arch.DestroyMm(cpu);
        FreeMemslots(cpu);
    }

    /// <summary>WARN_ON: reports that the mirrored code found something that must not be.</summary>
    /// <param name="cpu">Who found it.</param>
    /// <param name="condition">What must not be true.</param>
    /// <param name="what">It, in words.</param>
    internal static void WarnOn(Cpu cpu, bool condition, string what)
    {
        if (condition)
        {
            cpu.Fail(MmuInvariants.NoKernelWarning, what);
        }
    }
}
