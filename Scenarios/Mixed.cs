using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Everything at once, made for soak: vCPUs access any page, host threads change any page, memslots go and come back, dirty logs are turned on, harvested and turned off.</summary>
/// <remarks>
/// The last memslot is deleted and created again, if there is more than one; the guest takes it for MMIO meanwhile. The first tracks
/// writes half of the time. Who accesses or changes what is a choice of the environment, explored like an interleaving.
/// </remarks>
public sealed class Mixed : VmScenario
{
    private const int FewAccesses = 3;
    private const int FewChanges = 2;
    private const int ManyAtATime = 64;
    private const int MostPopulated = 1024;

    private static readonly Message[] Harvests = [new HarvestsDirtyLog(0, MayBeOff: true)];

    /// <inheritdoc/>
    public override string Name => "mixed";

    /// <inheritdoc/>
    public override string Summary => "everything at once, for soak: any access, any change by the host, memslots, dirty log";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { BytesPerVcpu = 4 * ScenarioParameters.PageSize, Slots = 2 };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(
        Expectation.Violated(V3, "LA3-6", NoPageUseAfterFree, nameof(NoStaleMapping), nameof(NoStaleTlb), MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation),
        Expectation.Violated(V20, "LA20-1", NoPageUseAfterFree, nameof(NoStaleMapping), nameof(NoStaleTlb), MmuInvariants.NoTableUseAfterFree, PageTableWalker.NoWildTranslation),
        Expectation.Violated(Merged, "LA-U4", NoPageUseAfterFree, nameof(NoStaleTlb), MmuInvariants.NoTableUseAfterFree));

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } =
        [NoPageUseAfterFree, NoVmaUseAfterFree, MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoTableLeak, PageTableWalker.NoWildTranslation];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } =
        new() { Base = 4, Populate = false, Kvm = new KvmParameters { EntriesPerTable = 4, RetriesBeforeSchedule = 0 } };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        // Every other page is there and the same as the others, for KSM; the rest is yet to be faulted in.
        for (int page = 0; page < Math.Min(vm.Pages, MostPopulated); page += 2)
        {
            vm.Mm.Populate(Hva.OfPage(vm.First.Value + (ulong)page), 1);
        }

        for (int id = 0; id < parameters.Vcpus; id++)
        {
            int pages = parameters.Overlap ? vm.Pages : parameters.PagesPerVcpu;
            vm.AddVcpu(id, new GuestAccesses(FirstOf(vm, parameters, id), pages, vm.IsFreeRunning ? ManyAtATime : FewAccesses));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), new ChangesAnyPages(vm.First.Value, (ulong)vm.Pages, vm.IsFreeRunning ? ManyAtATime : FewChanges));
        }

        int last = parameters.Slots - 1;
        var on = new SetsMemslot(vm.RegionOf(0, MemslotFlags.LogDirtyPages));
        var off = new SetsMemslot(vm.RegionOf(0));
        vm.AddMemslotManager(last == 0 ? [on, off] : [on, new SetsMemslot(UserspaceMemoryRegion.Deletion(last)), new SetsMemslot(vm.RegionOf(last)), off]);

        var dirtyLog = new DirtyLogComplete();
        var harvester = new DirtyLogHarvester(vm, dirtyLog);
        stage.Add(harvester, Harvests);
        stage.CheckAtEnd(() => harvester.Receive(stage.Machine.SetupCpu, Harvests[0]).GetResult());
        vm.Check(new NoStaleMapping(), new NoStaleTlb(), new NotifierBalance(), new TableAccounting(), dirtyLog);
        vm.DestroyAtEnd();
    }
}
