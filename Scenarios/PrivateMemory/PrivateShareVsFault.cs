using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A private page is faulted in while it becomes shared. Where the host has dropped it, the fault gets a fresh one and poisons that.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="attributes">Makes the code that converts.</param>
/// <param name="isDropped">Whether the host has dropped it.</param>
internal sealed class PrivateShareVsFault(string name, string summary, Expectation expectation, Func<Kvm, MemoryAttributes> attributes, bool isDropped)
    : PrivateMemoryScenario(name, summary, expectation, attributes)
{
    /// <inheritdoc/>
    protected override void Prepare(Cpu cpu, LoongArchProtected arch)
    {
        Convert(cpu, arch, isPrivate: true);
        if (isDropped)
        {
            arch.Kvm.Mm.Unmap(cpu, HvaRange.OfPages(Page.Value, 1)).GetResult();
        }
    }

    /// <inheritdoc/>
    protected override void Cast(Stage stage, LoongArchProtected arch)
    {
        AddVcpu(stage, arch, new GuestFaults(Page, Write: false));
        AddConverter(stage, arch, false);
    }
}
