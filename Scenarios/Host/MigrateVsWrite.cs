using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>The host moves a page while vCPUs write and read it.</summary>
public sealed class MigrateVsWrite() : HostChangeVsWrite(new MigratesPage(1))
{
    /// <inheritdoc/>
    public override string Name => "migrate-vs-write";

    /// <inheritdoc/>
    public override string Summary => "the host moves a page to another frame while vCPUs use it";
}
