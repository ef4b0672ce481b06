using System.Numerics;

namespace MmuStress.Mmu;

/// <summary>The shape of a VM: everything that can be chosen before it is created.</summary>
/// <remarks>Widths that wrap around in reality only after years are chosen here, so that wrap-around is reachable in a small scope.</remarks>
public sealed record KvmParameters
{
    /// <summary>CONFIG_PGTABLE_LEVELS: how many levels the stage-2 page table has, 2 to 5.</summary>
    public int Levels { get; init; } = 3;

    /// <summary>PTRS_PER_PTE: how many entries a table has on every level, a power of 2 that a page of the machine can hold.</summary>
    public int EntriesPerTable { get; init; } = 512;

    /// <summary>PGD2_ORDER of the 2012 posting: the logarithm of how many pages the top-level table has, 0 to 4.</summary>
    public int PgdOrder { get; init; }

    /// <summary>The geometry of arm64-2014; null for a fake pgd above <see cref="Levels"/> levels of <see cref="EntriesPerTable"/> that the hardware walks.</summary>
    public Stage2Geometry? Stage2 { get; init; }

    /// <summary>Whether the hypervisor has a page table of its own, in which VMs and vCPUs are mapped: ARM's; no guest ever uses it.</summary>
    public bool HasHypMappings { get; init; }

    /// <summary>How many pages ARM's tables can have before memory runs out; null for as many as they need.</summary>
    public int? TablePagesBeforeFailure { get; init; }

    /// <summary>The width of mmu_invalidate_seq, an unsigned long.</summary>
    public int SeqBits { get; init; } = 64;

    /// <summary>The width of a memslot generation without its flag, 63 in the kernel.</summary>
    public int GenerationBits { get; init; } = 63;

    /// <summary>The width of the hardware's VPIDs, 8 on LoongArch.</summary>
    public int VpidBits { get; init; } = 8;

    /// <summary>How many physical CPUs the host has.</summary>
    public int PhysicalCpus { get; init; } = 2;

    /// <summary>KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE: KVM_GET_DIRTY_LOG does not clear, KVM_CLEAR_DIRTY_LOG does.</summary>
    public bool ManualProtect { get; init; }

    /// <summary>KVM_DIRTY_LOG_INITIALLY_SET: a new dirty bitmap is all ones and nothing is write-protected; needs <see cref="ManualProtect"/>.</summary>
    public bool InitiallySet { get; init; }

    /// <summary>kvm_arch_nr_memslot_as_ids(): 2 where there is SMM.</summary>
    public int AddressSpaces { get; init; } = 1;

    /// <summary>How many memslots an address space can hold; more are refused with -EINVAL.</summary>
    public int MemslotLimit { get; init; } = 16;

    /// <summary>How many times a fault retries before it calls schedule(): 101 in the postings; 0 for at every retry, which keeps explored runs short.</summary>
    public int RetriesBeforeSchedule { get; init; } = 101;

    /// <summary>Whether destroying the VM first deletes memslots in the ordinary way, as x86 does with its private ones.</summary>
    /// <remarks>Mirrors: kvm_arch_destroy_vm(), arch/x86/kvm/x86.c. Differs: every memslot counts as such a one.</remarks>
    public bool DeletesMemslotsAtDestroy { get; init; }

    /// <summary>After how many frames a notification that may block lets others have mmu_lock in the middle of unmapping; 0 for never.</summary>
    /// <remarks>Stands for need_resched() and for others that wait for mmu_lock: cond_resched_lock(). Only where an MMU says that it does so.</remarks>
    public int FramesUnmappedBetweenYields { get; init; }

    /// <summary>Whether long walks of x86's TDP MMU are asked to drop mmu_lock.</summary>
    public NeedBreak NeedBreak { get; init; }

    /// <summary>kvm_dirty_log_manual_protect_and_init_set().</summary>
    public bool IsManualProtectAndInitSet => ManualProtect && InitiallySet;

    /// <summary>States that every value is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is not.</exception>
    public void Validate()
    {
        CheckWithin(Levels, 2, 5, nameof(Levels));
        CheckWithin(EntriesPerTable, 2, 512, nameof(EntriesPerTable));
        ArgumentOutOfRangeException.ThrowIfNotEqual(BitOperations.IsPow2(EntriesPerTable), true, nameof(EntriesPerTable));
        CheckWithin(PgdOrder, 0, 4, nameof(PgdOrder));
        CheckWithin(SeqBits, 1, 64, nameof(SeqBits));
        CheckWithin(GenerationBits, 1, 63, nameof(GenerationBits));
        CheckWithin(VpidBits, 1, 16, nameof(VpidBits));
        CheckWithin(PhysicalCpus, 1, 4096, nameof(PhysicalCpus));
        CheckWithin(AddressSpaces, 1, 2, nameof(AddressSpaces));
        CheckWithin(MemslotLimit, 1, 32764, nameof(MemslotLimit));
        ArgumentOutOfRangeException.ThrowIfNegative(RetriesBeforeSchedule);
        ArgumentOutOfRangeException.ThrowIfNegative(FramesUnmappedBetweenYields);
    }

    private static void CheckWithin(int value, int least, int most, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
    }
}
