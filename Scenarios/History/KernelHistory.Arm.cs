namespace MmuStress.Scenarios;

/// <content>arch/arm/kvm and arch/arm64/kvm.</content>
public static partial class KernelHistory
{
    private static IReadOnlyList<HistoricalRace> Arm =>
    [
        new("Z28", "f0cf47d939d0", "KVM: arm/arm64: Close VMID generation race", "the generation is stored before the VTTBR, so a second vCPU enters with the old one",
            VmidScenarios.GenerationBefore, VmidScenarios.Generation),
        new("Z29", "fb544d1ca65a", "KVM: arm/arm64: Fix VMID alloc race by reverting to lock-less", "the check before the entry does not take the lock that the generation is stored under",
            VmidScenarios.LocklessBefore, VmidScenarios.Lockless),
        new("Z30", "fa808ed4e199", "KVM: arm64: Ensure a VMID is allocated before programming VTTBR_EL2", "who does not attach the VMID itself keeps the VTTBR_EL2 of before",
            VmidScenarios.VttbrBefore, VmidScenarios.Vttbr),
        new("Z31", "94d0e5980d67", "arm/arm64: KVM: Perform local TLB invalidation when multiplexing vcpus on a single CPU", "vCPUs of a VM share a physical CPU's TLB entries, which the guest flushes on one of them only",
            SharedVmidOfVcpus.Before, SharedVmidOfVcpus.After),
        new("Z32", "d4b9e0790aa7", "arm/arm64: KVM: Enforce Break-Before-Make on Stage-2 page tables", "an entry is overwritten while TLBs have it, and only then flushed",
            Stage2SetPte.Before, Stage2SetPte.After),
        new("Z33", "8b3405e345b5", "kvm: arm/arm64: Fix locking for kvm_free_stage2_pgd", "the page table is unmapped and freed without mmu_lock",
            Stage2Teardown.UnlockedBefore, Stage2Teardown.UnlockedAfter),
        new("Z34", "0c428a6a9256", "kvm: arm/arm64: Fix use after free of stage2 page table", "an unmap drops mmu_lock in the middle and goes on in a table that was freed meanwhile",
            Stage2Teardown.DroppedBefore, Stage2Teardown.DroppedAfter),
        new("Z35", "156f70afcfec", "KVM: arm64: Only drop references on empty tables in stage2_free_walker", "a page table is freed in parts (e9abe311f356, reverted), and a table is put with each part it reaches into",
            FreeInParts.Before, FreeInParts.After),
        new("Z36a", "a987370f8e7a", "arm64: KVM: Fix stage-2 PGD allocation to have per-page refcounting", "the second page of a top-level table is freed with its last entry",
            ConcatenatedRoot.Before, ConcatenatedRoot.After),
        new("Z36b", "1d58a17ef545", "KVM: arm64: Fix host stage-2 PGD refcount", "the same in the host's own stage 2 under protected KVM",
            ConcatenatedRoot.Before, ConcatenatedRoot.After),
        new("Z51", "25f744ffa0c8", "KVM: SVM: Bump asid_generation on CPU online to avoid ASID collision after hotplug", "a CPU's ASID generation begins anew, so that an old ASID looks current",
            AsidHotplug.Before, AsidHotplug.After),
    ];
}
