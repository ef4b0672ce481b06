using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>One vCPU reads memory that was never written while another writes it: a late read fault must not put the page of zeroes back (LA20-1, interleaving B, which needs no free).</summary>
public sealed class CowVsFault : VmScenario
{
    private static readonly Message[] Reader = [new GuestReads(new Gfn(1)), new GuestReads(new Gfn(1))];
    private static readonly Message[] Writer = [new GuestWrites(new Gfn(1), 42)];

    /// <inheritdoc/>
    public override string Name => "cow-vs-fault";

    /// <inheritdoc/>
    public override string Summary => "a read fault of the shared page of zeroes races with a write that breaks copy on write";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(Expectation.Violated(V20, "LA20-1", nameof(GuestMemoryCoherence)));

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Populate = false };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, id % 2 == 0 ? Reader : Writer);
        }

        vm.Check(new GuestMemoryCoherence());
    }
}
