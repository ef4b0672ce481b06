using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>mremap() with a size of 0 moves nothing; KVM is not made for a notification of an empty range (Z62, I7).</summary>
/// <param name="notifiesOfNothing">Whether mremap() notifies of it.</param>
public sealed class EmptyMremap(bool notifiesOfNothing) : VmScenario
{
    private static readonly Message[] Moves = [new RemapsPages(1, 0, 2), new UnmapsPages(2, 1), new RemapsPages(1, 1, 2)];

    /// <inheritdoc/>
    public override string Name => notifiesOfNothing ? "empty-mremap-before" : "empty-mremap";

    /// <inheritdoc/>
    public override string Summary => "user space moves no page, then one" + (notifiesOfNothing ? ", and notifiers are told of both" : "");

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
        [notifiesOfNothing ? Expectation.Violated(Mended, "01e67e04c281", MmuInvariants.NoKernelWarning).AfterPreemptions(0) : Expectation.Held(Mended)];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { SparePages = 1, Host = host => host with { MremapNotifiesOfNothing = notifiesOfNothing } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        vm.AddHost("mremap", Moves);
        vm.Check(new NoStaleMapping(), new NoStaleTlb(), new NotifierBalance());
    }
}
