using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The host changes what two pages are mapped to while vCPUs write the one and read both: no write is lost.</summary>
/// <param name="changes">What the host does.</param>
public abstract class HostChangeVsWrite(params Message[] changes) : VmScenario
{
    private static readonly Gfn Written = new(1);
    private static readonly Gfn Other = new(2);
    private static readonly Message[] Writer = [new GuestWrites(Written, 42), new GuestReads(Other)];
    private static readonly Message[] Reader = [new GuestReads(Written), new GuestReads(Written)];

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(LosesWrites(V20, "LA20-1").AfterPreemptions(2));

    /// <inheritdoc/>
    public sealed override ScenarioParameters Defaults { get; } = new() { BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected sealed override VmOptions Options { get; } = new() { SparePages = 1 };

    /// <summary>What is in both pages in the beginning; null for their numbers.</summary>
    protected virtual ulong? Content => null;

    /// <summary>That a posting violates it.</summary>
    /// <param name="mmu">The MMU.</param>
    /// <param name="defect">Its defect.</param>
    /// <returns>The expectation.</returns>
    protected static Expectation LosesWrites(string mmu, string defect) =>
        Expectation.Violated(mmu, defect, nameof(GuestMemoryCoherence), nameof(NoStaleMapping), nameof(NoStaleTlb));

    /// <inheritdoc/>
    protected sealed override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, id % 2 == 0 ? Writer : Reader);
        }

        vm.AddHost("host", changes);
        var coherence = new GuestMemoryCoherence();
        foreach (Gfn gfn in (ReadOnlySpan<Gfn>)[Written, Other])
        {
            ulong content = Content ?? gfn.Value;
            vm.Mm.Memory.FrameAt(vm.Mm.Peek(Hva.OfPage(gfn.Value)).Pfn).Content.Initialise(content);
            coherence.Written(gfn, content);
        }

        vm.Check(coherence, new NoStaleMapping(), new NoStaleTlb());
    }
}
