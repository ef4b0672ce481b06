using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The host moves a page while vCPUs write and read it: no write is lost.</summary>
public sealed class MigrateVsWrite : VmScenario
{
    private static readonly Message[] Writer = [new GuestWrites(new Gfn(1), 42), new GuestReads(new Gfn(2))];
    private static readonly Message[] Reader = [new GuestReads(new Gfn(1)), new GuestReads(new Gfn(1))];
    private static readonly Message[] Changes = [new MigratesPage(1)];

    /// <inheritdoc/>
    public override string Name => "migrate-vs-write";

    /// <inheritdoc/>
    public override string Summary => "the host moves a page to another frame while vCPUs use it";

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations { get; } = OnLoongArch(Expectation.Violated(V20, "LA20-1", nameof(GuestMemoryCoherence), nameof(NoStaleMapping), nameof(NoStaleTlb)));

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { SparePages = 1 };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, id % 2 == 0 ? Writer : Reader);
        }

        vm.AddHost("host", Changes);
        var coherence = new GuestMemoryCoherence();
        coherence.Written(new Gfn(1), 1);
        coherence.Written(new Gfn(2), 2);
        vm.Check(coherence, new NoStaleMapping(), new NoStaleTlb());
    }
}
