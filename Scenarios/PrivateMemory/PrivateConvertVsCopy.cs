using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A page becomes private while the host's kernel writes it through a reference that it took before.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="attributes">Makes the code that converts.</param>
internal sealed class PrivateConvertVsCopy(string name, string summary, Expectation expectation, Func<Kvm, MemoryAttributes> attributes)
    : PrivateMemoryScenario(name, summary, expectation, attributes)
{
    /// <inheritdoc/>
    protected override void Cast(Stage stage, LoongArchProtected arch)
    {
        AddHost(stage, arch, new CopiesToGuest(Page.Value, 7));
        AddConverter(stage, arch, true);
    }
}
