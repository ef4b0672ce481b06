using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A scenario in which vCPUs note their writes in rings: every write is in an entry that is taken out after it, the last one after all vCPUs stopped (I6).</summary>
/// <param name="before">The commit that mended it and what it violates without; null for the code of today.</param>
public abstract class DirtyRingScenario(Expectation? before) : VmScenario
{
    private static readonly ReapsDirtyRings Last = new();

    /// <inheritdoc/>
    public sealed override string Name => before is null ? BaseName : BaseName + "-before";

    /// <inheritdoc/>
    public sealed override string Summary => before is null ? Happens : $"the same as it was before {before.Because}";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected sealed override IReadOnlyList<Expectation> LoongArchExpectations { get; } = [before ?? Expectation.Held(Merged)];

    /// <inheritdoc/>
    protected sealed override VmOptions Options { get; } = new() { Flags = MemslotFlags.LogDirtyPages, CreateSlots = false };

    /// <summary>Its name with the code of today.</summary>
    protected abstract string BaseName { get; }

    /// <summary>What happens in it, in one line.</summary>
    protected abstract string Happens { get; }

    /// <summary>How many entries a ring has.</summary>
    protected virtual int Size => 16;

    /// <summary>How many of them are left when a vCPU must stop.</summary>
    protected const int Reserved = 2;

    /// <summary>Whether user space leaves the entries as they are, so that every write must be found in them.</summary>
    protected virtual bool IsHonest => true;

    /// <summary>What the code before a fix violates.</summary>
    /// <param name="commit">The fix.</param>
    /// <param name="invariants">The properties of which one is violated.</param>
    /// <returns>The expectation.</returns>
    protected static Expectation Before(string commit, params string[] invariants) => Expectation.Violated(Merged, commit, invariants);

    /// <summary>Makes a vCPU's ring.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="id">The vCPU's number.</param>
    /// <returns>The ring.</returns>
    protected virtual DirtyRing NewRing(Vm vm, int id) => new(vm.Kvm.Machine, id, Size, Reserved);

    /// <summary>Makes the reader of the rings.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="checker">Whom it tells.</param>
    /// <returns>The reader.</returns>
    protected virtual CheckedReaper NewReaper(Vm vm, DirtyLogComplete checker) => new(vm, checker);

    /// <summary>Adds the actors.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="vm">The VM.</param>
    /// <param name="reaper">The reader of the rings.</param>
    /// <param name="parameters">How large.</param>
    protected abstract void Cast(Stage stage, Vm vm, DirtyRingReaper reaper, ScenarioParameters parameters);

    /// <inheritdoc/>
    protected sealed override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Kvm.EnableDirtyRing(id => NewRing(vm, id));
        var setup = new MemslotActor("setup", vm.Kvm);
        foreach (Message creation in vm.Creations())
        {
            setup.Receive(stage.Machine.SetupCpu, creation).GetResult();
        }

        var checker = new DirtyLogComplete();
        CheckedReaper reaper = NewReaper(vm, checker);
        Cast(stage, vm, reaper, parameters);
        var last = new DirtyRingActor("last", reaper);
        stage.CheckAtEnd(() => last.Receive(stage.Machine.SetupCpu, Last).GetResult());
        vm.Check(IsHonest ? [checker, new ResetWithinSlot(), new NoStaleTlb()] : [new ResetWithinSlot(), new NoStaleTlb()]);
    }
}
