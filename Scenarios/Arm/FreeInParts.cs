using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Z35: a VM with pages in two parts of one table is destroyed, part by part.</summary>
/// <remarks>Four levels of two entries: a part is 4 frames, and a table of the second level from the top has two of them.</remarks>
internal static class FreeInParts
{
    private const int Pages = 5;
    private static readonly ScenarioParameters Size = new() { Vcpus = 1, Notifiers = 0, BytesPerVcpu = Pages * ScenarioParameters.PageSize };

    private static readonly KvmParameters Shape = new() { Levels = 4, EntriesPerTable = 2 };

    private static readonly VmOptions OptionsBefore = new()
    {
        Kvm = Shape,
        Architecture = new MmuArchitecture("arm64-e9abe311f356", "arm64 with a page table that is freed in parts", static kvm => new Arm64FreedInParts(kvm)) { HasMmuRwLock = true },
    };

    private static readonly VmOptions OptionsAfter = new() { Kvm = Shape, Architecture = MmuArchitectures.Arm64 };

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "free-in-parts-before", "a table that reaches into the next part is put with each part",
        Expectation.Violated("", "156f70afcfec", MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoKernelWarning).AfterPreemptions(0),
        static stage => Build(stage, OptionsBefore));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "free-in-parts", "a table that reaches into the next part is put when it is empty", Expectation.Held(""), static stage => Build(stage, OptionsAfter));

    private static void Build(Stage stage, VmOptions options)
    {
        var vm = new Vm(stage, Size, "", options);
        vm.Touch(vm.First);
        vm.Touch(vm.First + (Pages - 1));
        stage.Add(new Doer("release", cpu => vm.Kvm.Arch.Roots.Count == 0 ? Coroutine.Completed : vm.Kvm.Destroy(cpu)), Does.Once);
        stage.CheckLeaks();
    }
}
