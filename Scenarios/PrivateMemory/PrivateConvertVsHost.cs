using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A page becomes private while the host writes it and reads it: it gets data before, SIGBUS after.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="attributes">Makes the code that converts.</param>
internal sealed class PrivateConvertVsHost(string name, string summary, Expectation expectation, Func<Kvm, MemoryAttributes> attributes)
    : PrivateMemoryScenario(name, summary, expectation, attributes)
{
    /// <inheritdoc/>
    protected override void Cast(Stage stage, LoongArchProtected arch)
    {
        AddHost(stage, arch, new WritesPage(Page.Value, 7), new ReadsPage(Page.Value));
        AddConverter(stage, arch, true);
    }
}
