using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot is moved by one page under vCPUs that fault in it: a frame that is in the old place and in the new is never taken for MMIO (LA20-18, I8).</summary>
public sealed class MemslotMoveVsFault : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "memslot-move-vs-fault";

    /// <inheritdoc/>
    public override string Summary => "a memslot is moved while vCPUs fault in it";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA20-18", nameof(FaultAnswersForSlots)),
        Expectation.Violated(V20, "LA20-18", nameof(FaultAnswersForSlots)),
        Expectation.Violated(Merged, "LA20-18", nameof(FaultAnswersForSlots)));

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { SparePages = 1 };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        int last = parameters.Slots - 1;
        Gfn second = vm.SlotAt(last).Start.Next;
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(second, 1));
        }

        UserspaceMemoryRegion home = vm.RegionOf(last);
        var move = new SetsMemslot(home with { GuestPhysAddr = second.Gpa });
        vm.AddMemslotManager(vm.IsFreeRunning ? [move, new SetsMemslot(home)] : [move]);
        Checker[] checkers = [new NoMappingWithoutSlot(), new NoStaleTlb()];
        if (vm.SlotAt(last).Count > 1)
        {
            checkers = [new FaultAnswersForSlots(second), .. checkers];
        }

        vm.Check(checkers);
    }
}
