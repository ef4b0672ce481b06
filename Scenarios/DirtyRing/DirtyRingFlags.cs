using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>One thread of user space takes entries out and another has them reset: all that orders what the vCPU filled in before what the reset reads are the entry's flags.</summary>
/// <param name="isBefore">Whether they are loaded without acquire, as before 8929bc965964.</param>
public sealed class DirtyRingFlags(bool isBefore = false) : DirtyRingScenario(
    isBefore ? Before("8929bc965964", nameof(DirtyLogComplete)).OnlyUnder("lkmm") : null)
{
    private readonly bool isBefore = isBefore;
    private static readonly Message[] Collects = [new CollectsDirtyRings()];
    private static readonly Message[] Resets = [new ResetsDirtyRings()];
    private static readonly Message[] Waits = [new CollectsDirtyRings(Waits: true)];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override string BaseName => "dirty-ring-flags";

    /// <inheritdoc/>
    protected override string Happens => "one thread takes entries out of a dirty ring, another has them reset";

    /// <inheritdoc/>
    protected override DirtyRing NewRing(Vm vm, int id) =>
        isBefore ? new DirtyRingWithoutAcquire(vm.Kvm.Machine, id, Size, Reserved) : base.NewRing(vm, id);

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, DirtyRingReaper reaper, ScenarioParameters parameters)
    {
        Message[] last = Scripts.Writes(vm.First + (ulong)(vm.Pages - 1), 1);
        Message[] twice = [.. last, .. last];
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new RingVcpuActor(Names.Vcpu(id), vm.Kvm.Vcpus[id], reaper), twice);
        }

        stage.Add(new DirtyRingActor("collector", reaper), vm.IsFreeRunning || parameters.Vcpus > 1 || parameters.Rounds > 1 ? Collects : Waits); // for what is sure to come
        stage.Add(new DirtyRingActor("resetter", reaper), Resets);
    }
}
