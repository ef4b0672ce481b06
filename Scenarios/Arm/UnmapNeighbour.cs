using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The host unmaps a page that the guest never used, next to one that it uses: only entries in use hold references to their table (A12-1).</summary>
public sealed class UnmapNeighbour : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "unmap-neighbour";

    /// <inheritdoc/>
    public override string Summary => "the host unmaps a page that is not mapped, next to one that is";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations => [];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Base = 4, Kvm = new KvmParameters { EntriesPerTable = 4, RetriesBeforeSchedule = 0 } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        Gfn used = vm.First + (ulong)(vm.Pages - 1);
        vm.Touch(used);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(used, 1));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, Math.Max(1, (ulong)vm.Pages - 1)));
        }

        vm.Check(new TableCounts(), new NoStaleMapping());
    }
}
