namespace MmuStress.Mmu;

/// <summary>A physical CPU of the host: an interrupt target, a TLB, and the supply of VPIDs that tag the TLB's entries.</summary>
/// <remarks>
/// Mirrors: struct kvm_context (vpid_cache), CSR.GSTAT.GID, kvm_update_vpid(), arch/loongarch/kvm/main.c (v6.8).
/// Locking: what is no word is only touched by the thread that runs on it with preemption off.
/// Differs: threads are not scheduled. A vCPU thread has a CPU to itself, unless two were put on it from the start (<see cref="IsShared"/>);
/// then the run queue's lock lets one at a time turn preemption off.
/// </remarks>
public sealed class HostCpu
{
    private static readonly LockClass RunQueueClass = new("rq->lock", maySleep: false);
    private static readonly string[] FieldNames = ["cpu_curr"];

    private readonly Multiprocessor machine;
    private readonly ulong vpidMask;
    private ulong vpidCache;
    private int vcpus;

    /// <summary>A CPU on which nothing runs yet.</summary>
    /// <param name="machine">The machine it is in.</param>
    /// <param name="id">Its number, from 0.</param>
    /// <param name="vpidBits">How wide a VPID is, 8 on LoongArch.</param>
    /// <param name="tlbSize">How many entries its TLB has, a power of 2.</param>
    public HostCpu(Multiprocessor machine, int id, int vpidBits = 8, int tlbSize = 16)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vpidBits);
        this.machine = machine;
        Id = id;
        Interrupts = new PhysicalCpu(machine, id);
        Tlb = new Tlb(tlbSize);
        vpidMask = (1UL << vpidBits) - 1;
        vpidCache = vpidMask + 1;
        Occupant = machine.Memory.Allocate("cpu_curr", FieldNames)[0];
    }

    /// <summary>Its number, from 0.</summary>
    public int Id { get; }

    /// <summary>Its interrupts.</summary>
    public PhysicalCpu Interrupts { get; }

    /// <summary>Its TLB.</summary>
    public Tlb Tlb { get; }

    /// <summary>Whether several vCPU threads were put on it from the start.</summary>
    public bool IsShared => RunQueueLock is not null;

    /// <summary>What tags the TLB entries of the guest that entered last: CSR.GSTAT.GID, the VMID in VTTBR, an ASID.</summary>
    public ulong GuestTag { get; private set; }

    /// <summary>The id + 1 of the vCPU whose thread has the CPU to itself; 0 for none. Not used where the CPU is shared.</summary>
    internal Word Occupant { get; }

    /// <summary>Held while a thread has preemption off on a shared CPU; null where it is not shared.</summary>
    internal SpinLock? RunQueueLock { get; private set; }

    /// <inheritdoc/>
    public override string ToString() => $"cpu{Id}";

    /// <summary>Whether <paramref name="vpid"/> was given in the present round, so that the TLB knows no other guest by it.</summary>
    /// <returns>True when it was.</returns>
    public bool IsCurrent(ulong vpid) => (vpid & ~vpidMask) == (vpidCache & ~vpidMask);

    /// <summary>kvm_update_vpid: the next VPID of this CPU; a new round starts with an empty TLB.</summary>
    /// <returns>The VPID, with the round's number above it.</returns>
    public ulong NextVpid()
    {
        ulong vpid = vpidCache + 1;
        if ((vpid & vpidMask) == 0)
        {
            if (vpid == 0)
            {
                vpid = vpidMask + 1;
            }

            ++vpid; // VPID 0 is the host's
            Tlb.FlushAll();
        }

        vpidCache = vpid;
        return vpid;
    }

    /// <summary>Loads CSR.GSTAT.GID for the guest that is about to be entered.</summary>
    internal void LoadGuestTag(ulong vpid) => GuestTag = TagOf(vpid);

    /// <summary>What tags the TLB entries of a guest that has <paramref name="vpid"/>, without the round's number.</summary>
    internal ulong TagOf(ulong vpid) => vpid & vpidMask;

    /// <summary>Loads VTTBR for the guest that is about to be entered; VMID 0 is one like the others.</summary>
    internal void LoadVmid(ulong vmid) => GuestTag = vmid + 1;

    /// <summary>TLBI by VMID, as the CPU takes it: at the latest when interrupts are turned off or on.</summary>
    /// <param name="interruptState">What turning them off or on returned.</param>
    internal void TakeInvalidations(ulong interruptState)
    {
        byte vmids = PhysicalCpu.MessagesIn(interruptState);
        if (vmids != 0)
        {
            Tlb.FlushVmids(vmids);
        }
    }

    /// <summary>Places a vCPU thread here, before any CPU runs.</summary>
    internal void Place(int vcpuId)
    {
        vcpus++;
        if (vcpus == 1)
        {
            Occupant.Initialise((ulong)vcpuId + 1);
        }
        else
        {
            RunQueueLock ??= new SpinLock(machine, RunQueueClass);
        }
    }
}
