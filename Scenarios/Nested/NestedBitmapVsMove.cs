using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The memslot with L1's MSR bitmap moves by a page while KVM reads the bitmap through the memslots: the second half must not be what the first was.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="vmrun">Makes the code that enters L2.</param>
internal sealed class NestedBitmapVsMove(string name, string summary, Expectation expectation, NestedScenario.Vmrun vmrun) : NestedScenario(name, summary, expectation, vmrun)
{
    /// <inheritdoc/>
    protected override void Cast(Stage stage, Kvm kvm, NestedSvm nested, Vmcb12 vmcb12) =>
        stage.Add(new MemslotActor("memslots", kvm), new SetsMemslot(Home with { GuestPhysAddr = Home.GuestPhysAddr.Gfn.Next.Gpa }));
}
