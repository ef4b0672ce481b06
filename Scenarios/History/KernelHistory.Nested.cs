namespace MmuStress.Scenarios;

/// <content>arch/x86/kvm/svm: entering the guest of a guest.</content>
public static partial class KernelHistory
{
    private static IReadOnlyList<HistoricalRace> Nested =>
    [
        new(
            "Z71", "a58d9166a756", "KVM: SVM: load control fields from VMCB12 before checking them", "L1 changes its VMCB between the check and the copy that is used",
            NestedScenarios.ControlsCheckedInPlace, NestedScenarios.ControlsCopiedFirst),
    ];
}
