using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A cache is set up while a vCPU already looks whether it can be used, which it must be able to at any time.</summary>
/// <param name="isBefore">Whether setting it up initialises its locks, as before 52491a38b2c2.</param>
public sealed class GpcActivateVsUse(bool isBefore = false) : GpcScenario(
    isBefore ? static kvm => new GpcInitialisedOnActivate(kvm) : null,
    isBefore ? Before("52491a38b2c2", MachineInvariants.LockDiscipline) : null)
{
    private static readonly Message[] Writes = [new WritesThroughGpc(new Gfn(1), 42, Tries: 1), new WritesThroughGpc(new Gfn(1), 43, Tries: 1)];
    private static readonly Message[] Activates = [new ActivatesGpc(new Gfn(1))];
    private static readonly Message[] Cycles = [new ActivatesGpc(new Gfn(1)), new DeactivatesGpc()];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    protected override string BaseName => "gpc-activate-vs-use";

    /// <inheritdoc/>
    protected override string Happens => "a gfn_to_pfn_cache is set up while a vCPU tries to use it";

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, GfnToPfnCache gpc, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new GpcActor(Names.Vcpu(id), gpc), Writes);
        }

        stage.Add(new GpcActor("ioctl", gpc), vm.IsFreeRunning ? Cycles : Activates);
        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }
    }
}
