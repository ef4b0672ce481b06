using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The VM is destroyed between the start and the end of a notification, which then never comes; memslots are deleted all the same (S4-8).</summary>
/// <remarks>In v2 the thread that was between the two goes on with the semaphore held: init_rwsem() frees the semaphore, not the thread.</remarks>
/// <param name="notifier">The notifier's code.</param>
public sealed class DestroyVsUnmap(NotifierVariant notifier) : VmScenario
{
    private static readonly Message[] Closes = [new DestroysVm()];

    /// <inheritdoc/>
    public override string Name => "destroy-vs-unmap" + notifier.Suffix;

    /// <inheritdoc/>
    public override string Summary => "the VM is destroyed between the start and the end of a notification" + notifier.Summary;

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        notifier.IsToday ? [Expectation.Held(Mended)]
        : [Expectation.Violated(Mended, "S4-8", notifier == NotifierVariant.V2 ? MachineInvariants.LockDiscipline : MachineInvariants.NoDeadlock)];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new()
    {
        Notifier = notifier.Create,
        Host = static host => host with { NotifiersMayUnregister = true },
        Kvm = new KvmParameters { DeletesMemslotsAtDestroy = true },
    };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.AddMemslotManager(Closes);
        stage.CheckLeaks();
    }
}
