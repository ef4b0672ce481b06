using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>KSM merges two pages while vCPUs write one of them: no write shows in the other page either.</summary>
public sealed class KsmVsWrite() : HostChangeVsWrite(new MergesPages(1, 2))
{
    /// <inheritdoc/>
    public override string Name => "ksm-vs-write";

    /// <inheritdoc/>
    public override string Summary => "KSM merges two pages while a vCPU writes one of them";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch(LosesWrites(V3, "LA3-8"), LosesWrites(V20, "LA20-1"));

    /// <inheritdoc/>
    protected override ulong? Content => 1; // the same, so that there is something to merge
}
