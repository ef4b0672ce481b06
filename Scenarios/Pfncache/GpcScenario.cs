using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A scenario about one gfn_to_pfn_cache: used, refreshed, set up, torn down, while the host changes what it leads to.</summary>
/// <param name="create">Makes the cache: as it is today, or as it was before a fix; null for today.</param>
/// <param name="before">The commit that mended it and what it violates without; null for today.</param>
public abstract class GpcScenario(Func<Kvm, GfnToPfnCache>? create, Expectation? before) : VmScenario
{
    private static readonly Func<Kvm, GfnToPfnCache> Today = static kvm => new GfnToPfnCache(kvm);

    /// <inheritdoc/>
    public sealed override string Name => before is null ? BaseName : BaseName + "-before";

    /// <inheritdoc/>
    public sealed override string Summary => before is null ? Happens : $"the same as it was before {before.Because}";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected sealed override IReadOnlyList<Expectation> LoongArchExpectations { get; } = [before ?? Expectation.Held(Merged)];

    /// <summary>Its name with the cache as it is today.</summary>
    protected abstract string BaseName { get; }

    /// <summary>What happens in it, in one line.</summary>
    protected abstract string Happens { get; }

    /// <inheritdoc/>
    protected sealed override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <summary>What the code before a fix violates.</summary>
    /// <param name="commit">The fix.</param>
    /// <param name="invariants">The properties of which one is violated.</param>
    /// <returns>The expectation.</returns>
    protected static Expectation Before(string commit, params string[] invariants) => Expectation.Violated(Merged, commit, invariants);

    /// <summary>Adds the actors that use the cache.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="vm">The VM.</param>
    /// <param name="gpc">The cache.</param>
    /// <param name="parameters">How large.</param>
    protected abstract void Cast(Stage stage, Vm vm, GfnToPfnCache gpc, ScenarioParameters parameters);

    /// <inheritdoc/>
    protected sealed override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        Cast(stage, vm, (create ?? Today)(vm.Kvm), parameters);
        vm.Check(new NoStalePfnCache(), new NotifierBalance(), new PageReferences());
    }

    /// <summary>Sets the cache up before anything else happens.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="gpc">The cache.</param>
    /// <param name="gfn">The page it leads to.</param>
    protected static void Activate(Stage stage, GfnToPfnCache gpc, Gfn gfn) =>
        new GpcActor("setup", gpc).Receive(stage.Machine.SetupCpu, new ActivatesGpc(gfn)).GetResult();
}
