using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>khugepaged collapses pages, and the host splits them again, while vCPUs write and read them.</summary>
public sealed class CollapseVsWrite() : HostChangeVsWrite(new CollapsesPages(1, 2), new SplitsPages(1, 2))
{
    /// <inheritdoc/>
    public override string Name => "collapse-vs-write";

    /// <inheritdoc/>
    public override string Summary => "the host collapses and splits a huge page while vCPUs use it";
}
