namespace MmuStress.Mmu;

/// <summary>A virtual CPU: enters the guest, runs its accesses through TLB and page table, and leaves it when it faults or is kicked.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> Who changes a stage-2 entry and then calls <see cref="Kvm.FlushRemoteTlbs"/> knows, when that returns, that no vCPU will use
/// the old entry any more. The mechanism: the vCPU says <see cref="VcpuMode.InGuestMode"/>, then looks at its requests; who flushes makes the
/// request, then looks at the mode, with full barriers between. One of them sees the other.
/// </para>
/// Mirrors: struct kvm_vcpu; arch/loongarch/kvm/vcpu.c and main.c (v6.8).
/// Locking: only its own thread calls what is not said to be for others.
/// </remarks>
public sealed partial class Vcpu
{
    private const int ModeField = 0;
    private const int RequestsField = 1;
    private const int CpuField = 2;
    private const int PlacementField = 3;

    private static readonly string[] FieldNames = ["vcpu->mode", "vcpu->requests", "vcpu->cpu", "task_cpu(vcpu)"];

    private readonly Block block;
    private HostCpu hostCpu; // where its thread is; may only be believed while it cannot be migrated
    private HostCpu enteredOn; // what vcpu->cpu says
    private ulong vpid;

    /// <summary>A vCPU whose thread is on <paramref name="hostCpu"/>; before any CPU runs.</summary>
    /// <param name="kvm">Its VM.</param>
    /// <param name="id">Its number, from 0.</param>
    /// <param name="hostCpu">Where its thread is.</param>
    /// <param name="mayMigrate">Whether its thread may be moved, at the price of two more steps each time preemption is turned off and on.</param>
    internal Vcpu(Kvm kvm, int id, HostCpu hostCpu, bool mayMigrate)
    {
        Kvm = kvm;
        Id = id;
        MayMigrate = mayMigrate;
        this.hostCpu = hostCpu;
        enteredOn = hostCpu;
        block = kvm.Machine.Memory.Allocate("vcpu", FieldNames);
        Cpu.Initialise((ulong)hostCpu.Id);
        Placement.Initialise((ulong)hostCpu.Id << PlacementShift);
        MmuPageCache = new MemoryCache(KvmArch.TablePage, "page table");
        hostCpu.Place(id);
    }

    /// <summary>vcpu->kvm: its VM.</summary>
    public Kvm Kvm { get; }

    /// <summary>Its number, from 0.</summary>
    public int Id { get; }

    /// <summary>Whether its thread may be moved to another physical CPU.</summary>
    public bool MayMigrate { get; }

    /// <summary>vcpu->arch.mmu_page_cache: pages for new page tables.</summary>
    public MemoryCache MmuPageCache { get; }

    /// <summary>vcpu->mode, a <see cref="VcpuMode"/>. Written by its thread; others turn <see cref="VcpuMode.InGuestMode"/> into <see cref="VcpuMode.ExitingGuestMode"/>.</summary>
    public Word Mode => block[ModeField];

    /// <summary>vcpu->requests: a bit for each <see cref="Request"/>. Set by anybody, cleared by its thread.</summary>
    public Word Requests => block[RequestsField];

    /// <summary>vcpu->cpu: the physical CPU where it entered the guest last, and where a kick is sent.</summary>
    /// <remarks>Differs: from its creation on the CPU where its thread is, as if it had entered there once; -1 in the kernel.</remarks>
    public Word Cpu => block[CpuField];

    /// <summary>kvm_arch_vcpu_load(): notes where it is about to enter the guest.</summary>
    /// <returns>Whether that is another CPU than last time, so that <see cref="Cpu"/> must say so.</returns>
    internal bool Load()
    {
        bool isElsewhere = !ReferenceEquals(enteredOn, hostCpu);
        enteredOn = hostCpu;
        return isElsewhere;
    }

    /// <summary>vcpu->arch.vpid, with the round's number above the VPID proper; 0 for none.</summary>
    public ulong Vpid => vpid;

    /// <summary>vcpu->arch.flush_gpa: the address that <see cref="Request.TlbFlushGpa"/> is about; null, for INVALID_GPA, for none.</summary>
    /// <remarks>
    /// Mirrors: kvm_handle_mm_fault(), arch/loongarch/kvm/mmu.c, as merged ("Delay secondary mmu tlb flush until guest entry"): its thread sets it, then
    /// makes the request, and the TLB that is used at the next entry drops it. Both pages of the even-odd pair are dropped.
    /// </remarks>
    public Gpa? FlushGpa { get; set; }

    /// <summary>Why its last access faulted; a translation fault where nothing was accessed.</summary>
    public FaultStatus FaultStatus { get; set; }

    /// <summary>kvm_vcpu_trap_get_perm_fault_granule(): the level of the entry that did not allow its last access; 0 for a page.</summary>
    public int FaultLevel { get; set; }

    /// <summary>Where the architecture has loaded it; null where it has not, or loads it at each entry anew.</summary>
    internal HostCpu? LoadedOn { get; set; }

    /// <summary>The physical CPU its thread was on when it last turned preemption off.</summary>
    public HostCpu HostCpu => hostCpu;

    /// <inheritdoc/>
    public override string ToString() => $"vcpu{Id}";
}
