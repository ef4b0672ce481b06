using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A remote flush meets a vCPU that enters the guest: either the sender sees it in the guest and interrupts it, or it sees the request before it enters (1.8).</summary>
public sealed class KickVsEntry : VmScenario
{
    private static readonly Message[] Guest = [new GuestReads(new Gfn(1)), new GuestReads(new Gfn(1))];

    /// <inheritdoc/>
    public override string Name => "kick-vs-entry";

    /// <inheritdoc/>
    public override string Summary => "a remote TLB flush races with a vCPU that enters the guest";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch();

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

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

        vm.Check(new NoStaleTlb());
    }
}
