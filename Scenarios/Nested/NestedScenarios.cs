using MmuStress.Mmu;
using static MmuStress.Scenarios.NestedInvariants;

namespace MmuStress.Scenarios;

/// <summary>The scenarios about entering the guest of a guest.</summary>
internal static class NestedScenarios
{
    /// <summary>Another vCPU of L1 changes the VMCB, and KVM checks it in place, as before a58d9166a756.</summary>
    public static readonly Scenario ControlsCheckedInPlace = new NestedControlsVsL1(
        "nested-controls-vs-l1-before", "the same with the controls checked in L1's memory and copied afterwards",
        Expectation.Violated("", "a58d9166a756", NestedControlsAreChecked), static (kvm, vmcb12, width, check) => new NestedSvmCheckedInPlace(kvm, vmcb12, width, check));

    /// <summary>Another vCPU of L1 changes the VMCB, and KVM checks its copy.</summary>
    public static readonly Scenario ControlsCopiedFirst = new NestedControlsVsL1(
        "nested-controls-vs-l1", "another vCPU of an L1 hypervisor changes the VMCB while KVM checks it", Expectation.Held(""), Right);

    /// <summary>The scenarios.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new NestedBitmapVsMove("nested-bitmap-vs-move", "the memslot with an L1 hypervisor's MSR bitmap moves while KVM reads it", Expectation.Held(""), Right),
        new NestedBitmapVsMove(
            "nested-bitmap-vs-move-apart", "the same with an SRCU section for each page",
            Expectation.Violated("", "memslots may be updated between two pages", NestedBitmapIsWhole), static (kvm, vmcb12, width, check) => new NestedSvmReadsApart(kvm, vmcb12, width, check)),
        ControlsCopiedFirst,
        ControlsCheckedInPlace,
    ];

    private static NestedSvm Right(Kvm kvm, Vmcb12 vmcb12, int maxPhyAddr, NestedBitmapCheck check) => new(kvm, vmcb12, maxPhyAddr, check);
}
