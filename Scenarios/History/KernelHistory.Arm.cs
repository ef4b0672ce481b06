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
    ];
}
