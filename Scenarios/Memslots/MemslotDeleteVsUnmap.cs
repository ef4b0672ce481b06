using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A memslot is deleted while the host unmaps its pages and a guest still has them in its TLB: whoever clears an entry must flush before the other can take it for flushed (LA-U4).</summary>
/// <remarks>
/// Upstream clears under mmu_lock and flushes after it was given back. A notification in between finds nothing to clear, so it does not
/// flush, and the host frees pages that a TLB still maps.
/// </remarks>
public sealed class MemslotDeleteVsUnmap : VmScenario
{
    private static readonly Message[] Guest = [new GuestReads(new Gfn(1))];

    /// <inheritdoc/>
    public override string Name => "memslot-delete-vs-unmap";

    /// <inheritdoc/>
    public override string Summary => "a memslot is deleted while the host unmaps its pages and TLBs hold them";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        OnLoongArch(Expectation.Violated(Merged, "LA-U4", NoPageUseAfterFree, nameof(NoStaleTlb)));

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Guest);
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, 1));
        }

        vm.AddMemslotManager(vm.IsFreeRunning ? [.. vm.Deletions(), .. vm.Creations()] : vm.Deletions());
        vm.Check(new NoStaleTlb());
    }
}
