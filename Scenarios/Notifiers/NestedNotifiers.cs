using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>
/// A part of a huge page is unmapped, which first splits it: a notification inside a notification, while somebody updates memslots (S4-1). Whoever
/// waits for the outer one's end must not keep the inner one's start waiting.
/// </summary>
/// <remarks>That a reader takes a semaphore which it holds as a reader is set aside, since lockdep reports it whether or not anybody waits.</remarks>
/// <param name="notifier">The notifier's code.</param>
public sealed class NestedNotifiers(NotifierVariant notifier) : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "nested-notifiers" + notifier.Suffix;

    /// <inheritdoc/>
    public override string Summary => "unmapping a part of a huge page splits it, while memslots are updated" + notifier.Summary;

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        notifier.IsToday ? OnLoongArch() : [Expectation.Violated(Mended, "S4-1", MachineInvariants.NoDeadlock)];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> SetAside { get; } = notifier.IsToday ? [] : [MachineInvariants.LockDiscipline];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new()
    {
        Notifier = notifier.Create,
        Host = static host => host with { SplitsOnPartialUnmap = true },
    };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 2 * ScenarioParameters.PageSize, Backing = "anonymous_thp" };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, Math.Max(1, (ulong)vm.Pages / 2)));
        }

        vm.AddMemslotManager(new SetsMemslot(vm.RegionOf(0, MemslotFlags.LogDirtyPages)));
        vm.Check(new NotifierBalance());
    }
}
