using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A scenario with a VM. It is about certain properties; a lifetime that another scenario is about does not end it.</summary>
public abstract class VmScenario : Scenario
{
    /// <summary>The invariant of host pages: not used after the last reference was put (I3).</summary>
    protected const string NoPageUseAfterFree = nameof(NoPageUseAfterFree);

    /// <summary>The invariant of VMAs: not used after munmap freed them (I3).</summary>
    protected const string NoVmaUseAfterFree = nameof(NoVmaUseAfterFree);

    /// <summary>LoongArch as posted in February 2023.</summary>
    protected const string V3 = "loongarch-v3";

    /// <summary>LoongArch as posted in August 2023.</summary>
    protected const string V20 = "loongarch-v20";

    /// <summary>LoongArch as merged.</summary>
    protected const string Merged = "loongarch";

    /// <summary>LoongArch as merged and mended.</summary>
    protected const string Mended = "loongarch-mended";

    private static readonly string[] Lifetimes =
        [NoPageUseAfterFree, NoVmaUseAfterFree, MmuInvariants.NoTableUseAfterFree, MmuInvariants.NoTableLeak, PageTableWalker.NoWildTranslation];

    private string[]? ignored;
    private IReadOnlyList<Expectation>? expectations;

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Expectation> Expectations => expectations ??= [.. LoongArchExpectations, .. MmuExpectations.Of(Name)];

    /// <summary>What is expected of it on LoongArch's MMUs; see <see cref="OnLoongArch"/>. The others' are in <see cref="MmuExpectations"/>.</summary>
    protected abstract IReadOnlyList<Expectation> LoongArchExpectations { get; }

    /// <summary>The lifetimes it is about.</summary>
    protected virtual IReadOnlyList<string> Lifetime => [];

    /// <summary>Other properties that it sets aside, since what it is about shows only behind them.</summary>
    protected virtual IReadOnlyList<string> SetAside => [];

    /// <summary>What kind of VM it starts with.</summary>
    protected virtual VmOptions Options { get; } = new();

    /// <inheritdoc/>
    public sealed override void Build(Stage stage, ScenarioParameters parameters, string mmu)
    {
        stage.Machine.Ignored = ignored ??= Lifetimes.Except(Lifetime, StringComparer.Ordinal).Concat(SetAside).ToArray();
        Cast(stage, new Vm(stage, parameters, mmu, Options), parameters);
    }

    /// <summary>Adds the actors and the checkers.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="vm">The VM.</param>
    /// <param name="parameters">How large.</param>
    protected abstract void Cast(Stage stage, Vm vm, ScenarioParameters parameters);

    /// <summary>The expectations: violated on the named MMUs, held on the others.</summary>
    /// <param name="violated">Where it is violated.</param>
    /// <returns>One expectation for each LoongArch MMU.</returns>
    protected static IReadOnlyList<Expectation> OnLoongArch(params Expectation[] violated) =>
        new[] { V3, V20, Merged, Mended }.Select(mmu => violated.FirstOrDefault(e => string.Equals(e.Mmu, mmu, StringComparison.Ordinal)) ?? Expectation.Held(mmu)).ToList();

    /// <summary>The first frame that vCPU <paramref name="id"/> uses: the first of all where vCPUs share memory, else of its part.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="parameters">How large.</param>
    /// <param name="id">The vCPU's number.</param>
    /// <returns>The frame.</returns>
    protected static Gfn FirstOf(Vm vm, ScenarioParameters parameters, int id) =>
        vm.First + (parameters.Overlap ? 0 : (ulong)(id * parameters.PagesPerVcpu));
}
