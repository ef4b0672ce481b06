using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The host breaks copy on write under a memslot that is read-only and tracks writes: change_pte must not leave the entry writable (LA20-10).</summary>
public sealed class ChangePteReadonly : VmScenario
{
    private static readonly Message[] Guest = [new GuestReads(new Gfn(1)), new GuestWrites(new Gfn(1), 42)];
    private static readonly Message[] HostWrite = [new WritesPage(1, 7)];

    /// <inheritdoc/>
    public override string Name => "change-pte-readonly";

    /// <inheritdoc/>
    public override string Summary => "change_pte under a read-only memslot that tracks writes";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-8", nameof(ReadOnlySlot)).AfterPreemptions(0),
        Expectation.Violated(V20, "LA20-10", nameof(ReadOnlySlot)).AfterPreemptions(0));

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Populate = false, Flags = MemslotFlags.ReadOnly | MemslotFlags.LogDirtyPages };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        vm.FlushTlbs();
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Guest);
        }

        vm.AddHost("host", HostWrite);
        vm.Check(new ReadOnlySlot());
    }
}
