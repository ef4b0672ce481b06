using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A scenario about x86's MMU as it was before a fix, or as it is after it.</summary>
/// <param name="name">Its name after the fix.</param>
/// <param name="happens">What happens in it, in one line.</param>
/// <param name="before">The MMU before the fix; null for that of today.</param>
/// <param name="violated">The commit and what is violated without it; null for today.</param>
public abstract class X86History(string name, string happens, MmuArchitecture? before, Expectation? violated) : VmScenario
{
    private protected const string X86 = "x86";

    /// <inheritdoc/>
    public sealed override string Name => violated is null ? name : name + "-before";

    /// <inheritdoc/>
    public sealed override string Summary => violated is null ? happens : $"the same as it was before {violated.Because}";

    /// <inheritdoc/>
    protected sealed override IReadOnlyList<Expectation> LoongArchExpectations { get; } = [violated ?? Expectation.Held(X86)];

    /// <inheritdoc/>
    protected sealed override VmOptions Options => Shape with { Architecture = before };

    /// <summary>What kind of VM it starts with, but for the MMU.</summary>
    protected virtual VmOptions Shape { get; } = new() { Kvm = Small(NeedBreak.Never) };

    /// <summary>Tables of four entries.</summary>
    /// <param name="needBreak">Whether walks are asked to drop mmu_lock.</param>
    /// <param name="levels">How many levels.</param>
    /// <returns>The parameters.</returns>
    private protected static KvmParameters Small(NeedBreak needBreak, int levels = 2) =>
        new() { Levels = levels, EntriesPerTable = 4, RetriesBeforeSchedule = 0, NeedBreak = needBreak };

    /// <summary>What the code before a fix violates.</summary>
    /// <param name="isBefore">Whether it is about that code.</param>
    /// <param name="commit">The fix.</param>
    /// <param name="invariants">The properties of which one is violated.</param>
    /// <returns>The expectation; null for the code of today.</returns>
    private protected static Expectation? Before(bool isBefore, string commit, params string[] invariants) =>
        isBefore ? Expectation.Violated(X86, commit, invariants) : null;
}
