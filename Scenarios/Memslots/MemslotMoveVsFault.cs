using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot is moved by one page under vCPUs that fault in it: a frame that is in the old place and in the new is never taken for MMIO (LA20-18, I8).</summary>
public sealed class MemslotMoveVsFault : VmScenario
{
    private static readonly Message[] Guest = [new GuestReads(new Gfn(2))];
    private static readonly Message[] Move = [new SetsMemslot(UserspaceMemoryRegion.OfPages(0, 2, 2, 1))];

    /// <inheritdoc/>
    public override string Name => "memslot-move-vs-fault";

    /// <inheritdoc/>
    public override string Summary => "a memslot is moved while vCPUs fault in it";

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations { get; } = OnLoongArch(
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
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Guest);
        }

        vm.AddMemslotManager(Move);
        vm.Check(new FaultAnswersForSlots(new Gfn(2)), new NoMappingWithoutSlot(), new NoStaleTlb());
    }
}
