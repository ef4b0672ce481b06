using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>KSM merges two pages while vCPUs write one of them: no write is lost and none shows in the other page.</summary>
public sealed class KsmVsWrite : VmScenario
{
    private static readonly Message[] Writer = [new GuestWrites(new Gfn(1), 42), new GuestReads(new Gfn(2))];
    private static readonly Message[] Reader = [new GuestReads(new Gfn(1)), new GuestReads(new Gfn(1))];
    private static readonly Message[] Changes = [new MergesPages(1, 2)];

    /// <inheritdoc/>
    public override string Name => "ksm-vs-write";

    /// <inheritdoc/>
    public override string Summary => "KSM merges two pages while a vCPU writes one of them";

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-8", nameof(GuestMemoryCoherence), nameof(NoStaleMapping), nameof(NoStaleTlb)),
        Expectation.Violated(V20, "LA20-1", nameof(GuestMemoryCoherence), nameof(NoStaleMapping), nameof(NoStaleTlb)));

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { SparePages = 1 };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        stage.Machine.SetupCpu.WriteOnce(vm.Mm.Memory.FrameAt(vm.Mm.Peek(Hva.OfPage(2)).Pfn).Content, 1).GetResult();
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, id % 2 == 0 ? Writer : Reader);
        }

        vm.AddHost("host", Changes);
        var coherence = new GuestMemoryCoherence();
        coherence.Written(new Gfn(1), 1);
        coherence.Written(new Gfn(2), 1);
        vm.Check(coherence, new NoStaleMapping(), new NoStaleTlb());
    }
}
