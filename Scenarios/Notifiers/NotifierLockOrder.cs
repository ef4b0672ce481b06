using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>What a notifier leaves locked from start to end is looked at with the host's annotation of both, which lockdep takes for a lock (S4-1).</summary>
/// <param name="notifier">The notifier's code.</param>
public sealed class NotifierLockOrder(NotifierVariant notifier) : VmScenario
{
    /// <inheritdoc/>
    public override string Name => "notifier-lock-order" + notifier.Suffix;

    /// <inheritdoc/>
    public override string Summary => "the order of locks that are held from the start of a notification to its end" + notifier.Summary;

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        notifier.IsToday ? OnLoongArch() : [Expectation.Violated(Mended, "S4-1", MachineInvariants.LockDiscipline).AfterPreemptions(0)];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Notifier = notifier.Create, Host = static host => host with { AnnotatesNotifiers = true } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.AddMemslotManager([.. vm.Deletions()]);
        vm.Check(new NotifierBalance());
    }
}
