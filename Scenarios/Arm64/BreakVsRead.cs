using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>The host replaces a page by a copy while vCPUs read and write it: between the old translation and the new one no CPU has either.</summary>
/// <remarks>A copy on write that the host makes for one vCPU's write is what changes the page behind an entry that others use.</remarks>
public sealed class BreakVsRead : Arm64Scenario
{
    /// <inheritdoc/>
    public override string Name => "break-vs-read";

    /// <inheritdoc/>
    public override string Summary => "an entry is broken and made anew while another vCPU reads through it";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        vm.AddVcpu(0, Scripts.Reads(vm.First, 1));
        for (int id = 1; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(vm.First, 1));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), new MigratesPage(vm.First.Value));
        }

        CheckTables(vm);
    }
}
