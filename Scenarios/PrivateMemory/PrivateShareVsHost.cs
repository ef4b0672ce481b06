using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A private page that the guest has mapped becomes shared while the host reads it.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="attributes">Makes the code that converts.</param>
internal sealed class PrivateShareVsHost(string name, string summary, Expectation expectation, Func<Kvm, MemoryAttributes> attributes)
    : PrivateMemoryScenario(name, summary, expectation, attributes)
{
    /// <inheritdoc/>
    protected override void Prepare(Cpu cpu, LoongArchProtected arch)
    {
        Convert(cpu, arch, isPrivate: true);
        bool isDone = arch.Kvm.Vcpus[0].GuestWrite(cpu, Page.Gpa, 42).GetResult().IsDone;
        Invariant.Holds(isDone, "the guest can write a private page");
    }

    /// <inheritdoc/>
    protected override void Cast(Stage stage, LoongArchProtected arch)
    {
        AddHost(stage, arch, new ReadsPage(Page.Value));
        AddConverter(stage, arch, false);
    }
}
