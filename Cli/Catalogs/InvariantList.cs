using MmuStress.Machine;
using MmuStress.Mmu;
using MmuStress.Scenarios;

namespace MmuStress.Cli;

/// <summary>The properties that are looked at, by name.</summary>
internal static class InvariantList
{
    private static readonly NamedSummary[] Known =
    [
        new(nameof(NoStaleMapping), "no mapping outlives the host's page behind it (I1)"),
        new(nameof(NoStaleTlb), "no TLB entry outlives the invalidation or the flush that should have dropped it (I2)"),
        new(nameof(NoStalePfnCache), "what KVM writes through a gfn_to_pfn_cache goes to the page that the host maps there (I1)"),
        new(nameof(ResetWithinSlot), "resetting the dirty rings write-protects pages of the memslot only"),
        new(nameof(HostPageDirty), "the host knows in the end of each page that the guest wrote that it is dirty (I6)"),
        new("NoStaleMmio", "an address that a memslot holds by then is not taken for MMIO (I8)"),
        new(nameof(GuestMemoryCoherence), "the guest reads what was written last, whoever wrote it (I14)"),
        new(nameof(FaultAnswersForSlots), "an address that some memslot always holds is not taken for MMIO (I8)"),
        new(nameof(NoMappingWithoutSlot), "no stage-2 entry is set, or left, for a frame whose memslot is gone (I8)"),
        new(nameof(ReadOnlySlot), "the guest never writes a read-only memslot, and no entry lets it (I9)"),
        new(nameof(NotifierBalance), "what a notifier's start raised its end has lowered (I7)"),
        new(nameof(Precision), "a notification touches the entries of its range and no others (I13)"),
        new(nameof(DirtyLogComplete), "a write is in a harvest of the dirty log that ends after it (I6)"),
        new(nameof(DirtyLogCompleteStrict), "a write that was made before a harvest began is in that harvest (I6)"),
        new(LiveMigration.MigratedMemoryEqual, "after a live migration both sides hold the same memory (I6)"),
        new(nameof(TableAccounting), "a page-table page is linked once, or in a cache, or free (I5)"),
        new("VmidUnique", "a VM has one VMID at a time, no other has the same, and no guest reads another VM's page (I10)"),
        new(nameof(TableCounts), "a counted table has one reference more than entries in use, and is not freed with any (I5)"),
        new(nameof(BreakBeforeMake), "an entry that maps a page is made to map another only after it was invalid (I15)"),
        new(nameof(PageReferences), "in the end a host page has as many references as mappings (I3)"),
        new(PrivateMemoryInvariants.HostNeverTouchesPrivate, "the host accesses no page of the guest that is private"),
        new(PrivateMemoryInvariants.NoStalePrivacy, "a frame is mapped as private memory exactly where it is private"),
        new(PrivateMemoryInvariants.PoisonMatchesAttribute, "in the end the host has the pages of shared frames and is kept out of private ones"),
        new(NestedInvariants.NestedBitmapIsWhole, "a nested guest runs with its hypervisor's MSR bitmap as one set of memslots has it"),
        new(NestedInvariants.NestedControlsAreChecked, "a nested guest runs with addresses that were checked"),
        new("NoTextUseAfterFree", "no code runs of a module that has been unloaded"),
        new("NoLostKick", "no vCPU is in the guest with a request of which no interrupt tells it"),
        new("NoPageUseAfterFree", "a host page is not used after its last reference was put (I3)"),
        new("NoVmaUseAfterFree", "a VMA is not used after munmap freed it (I3)"),
        new(MmuInvariants.NoTableUseAfterFree, "a page-table page is not linked, walked, written or freed after it was freed (I4)"),
        new(MmuInvariants.NoTableLeak, "every page-table page is freed in the end (I4)"),
        new(PageTableWalker.NoWildTranslation, "a page-table walk is never led to memory that does not exist (I4)"),
        new(MmuInvariants.SlotLifetime, "a memslot and its dirty bitmap are not used after they were freed (I8)"),
        new(MmuInvariants.NoKernelWarning, "no WARN_ON and no BUG_ON of the mirrored code fires"),
        new(MachineInvariants.NoDataRace, "conflicting accesses, one of them plain, are ordered by happens-before"),
        new(MachineInvariants.NoDeadlock, "no CPU waits for ever for another"),
        new(MachineInvariants.NoLivelock, "every run ends under a fair schedule"),
        new(MachineInvariants.NoUseAfterFree, "freed memory is not used and not freed again"),
        new(MachineInvariants.LockDiscipline, "locks are held where asserted, taken in one order, never slept under or leaked"),
        new(MachineInvariants.NoException, "no actor ends with an exception"),
        new(MachineInvariants.CacheUnderrun, "a per-vCPU cache of pages holds enough when it is used under mmu_lock"),
    ];

    /// <summary>The properties that there are: those of the scenarios first, then those that hold everywhere.</summary>
    /// <param name="scenarios">The scenarios.</param>
    /// <returns>Name and summary.</returns>
    public static IReadOnlyList<NamedSummary> Of(IReadOnlyList<Scenario> scenarios) => scenarios
        .SelectMany(s => s.Expectations)
        .SelectMany(e => e.Invariants)
        .Concat(Known.Select(k => k.Name))
        .Distinct(StringComparer.Ordinal)
        .Select(name => Array.Find(Known, k => string.Equals(k.Name, name, StringComparison.Ordinal)) ?? new NamedSummary(name, ""))
        .ToList();
}
