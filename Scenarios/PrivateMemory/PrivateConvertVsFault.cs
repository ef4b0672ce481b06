using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A page becomes private while the guest faults on it: a fault that looked at the attribute before the change must not map what it found.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="attributes">Makes the code that converts.</param>
internal sealed class PrivateConvertVsFault(string name, string summary, Expectation expectation, Func<Kvm, MemoryAttributes> attributes)
    : PrivateMemoryScenario(name, summary, expectation, attributes)
{
    /// <inheritdoc/>
    protected override void Cast(Stage stage, LoongArchProtected arch)
    {
        AddVcpu(stage, arch, new GuestFaults(Page, Write: true));
        AddConverter(stage, arch, true);
    }
}
