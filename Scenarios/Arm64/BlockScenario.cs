using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A scenario about blocks: two pages that the host has as one huge page, and tables of two entries, so that they are one block.</summary>
public abstract class BlockScenario : Arm64Scenario
{
    /// <summary>The block's pages.</summary>
    protected const int Pages = 2;

    /// <summary>The shape of the VM: of four guest frames the upper two are used.</summary>
    protected static readonly VmOptions Shape = new() { Base = Pages, Kvm = new KvmParameters { Levels = 2, EntriesPerTable = Pages, RetriesBeforeSchedule = 2 } };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } =
        new() { Backing = "anonymous_thp", BytesPerVcpu = Pages * ScenarioParameters.PageSize, Notifiers = 0 };

    /// <inheritdoc/>
    protected override VmOptions Options => Shape;
}
