namespace MmuStress.Scenarios;

/// <content>Who may still use what somebody else gives back; who waits for whom.</content>
public static partial class KernelHistory
{
    private static IReadOnlyList<HistoricalRace> Lifetimes =>
    [
        new("Z27", "c7fa848ff01d", "KVM: PPC: Book3S HV P9: Fix \"lost kick\" race", "a vCPU looks for a doorbell before it says where it runs", new LostKick(isBefore: true), new LostKick(isBefore: false)),
        new(
            "Z38", "d34883d4e35c", "mm: mmu_notifier: re-fix freed page still mapped in secondary MMU", "exit finds no notifier and frees pages while the other side still runs ->release",
            new UnregisterVsExit(isBefore: true), new UnregisterVsExit(isBefore: false)),
        new(
            "Z45", "3d75b8aa5c29", "KVM: Always flush async #PF workqueue when vCPU is being destroyed", "a worker puts the last reference on the VM, and so on the module whose code it runs",
            new AsyncPfVsDestroy(isBefore: true), new AsyncPfVsDestroy(isBefore: false)),
        new(
            "Z48", "234ff0b729ad", "KVM: PPC: Book3S HV: Fix race between kvm_unmap_hva_range and MMU mode switch", "tables are freed before the mode says that there are none",
            new RadixSwitchVsUnmap(isBefore: true), new RadixSwitchVsUnmap(isBefore: false)),
        new(
            "Z50a", "9f76b039a72d", "KVM: arm64: Don't leak PFN when kvm_translate_vncr() races MMU notifier", "a fault that starts over keeps its reference",
            new VncrFaultVsUnmap(isBefore: true), new VncrFaultVsUnmap(isBefore: false)),
        new(
            "Z50b", "4be6cbeb93d2", "KVM: arm64: nv: Avoid dereferencing NULL VNCR pseudo-TLB", "a vCPU is online before it has its pseudo-TLB",
            new VncrNotifierVsInit(isBefore: true), new VncrNotifierVsInit(isBefore: false)),
        new(
            "Z52", "1493e0f944f3", "KVM: s390: vsie: Fix possible race when shadowing region 3 tables", "a vCPU overwrites the table that another one has just linked",
            new ShadowRegion3Table(isBefore: true), new ShadowRegion3Table(isBefore: false)),
        new(
            "Z55", "ae431059e75d", "KVM: guest_memfd: Remove bindings on memslot deletion when gmem is dying", "release writes to a memslot that was deleted while the file was dying",
            new GmemDyingVsSlotDelete(isBefore: true), new GmemDyingVsSlotDelete(isBefore: false)),
        new(
            "Z59b", "44d174596260", "KVM: Use dedicated mutex to protect kvm_usage_count to avoid deadlock", "kvm_lock closes a circle through slots_lock, SRCU and cpu_hotplug_lock",
            new UsageCountDeadlock(isBefore: true), new UsageCountDeadlock(isBefore: false)),
        new("Z59a", "10c02aad111d", "KVM: arm64: Fix circular locking dependency", "kvm->lock is taken inside vcpu->mutex", new PkvmLockOrder(isBefore: true), new PkvmLockOrder(isBefore: false)),
        new(
            "Z60", "49f683b41f28", "KVM: Fix a data race on last_boosted_vcpu in kvm_vcpu_on_spin()", "an index that every vCPU writes is a plain variable",
            new LastBoostedVcpu(isBefore: true), new LastBoostedVcpu(isBefore: false)),
    ];
}
