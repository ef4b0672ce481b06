using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Another vCPU of L1 changes the VMCB while KVM checks it: what is used must be what was checked.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="vmrun">Makes the code that enters L2.</param>
internal sealed class NestedControlsVsL1(string name, string summary, Expectation expectation, NestedScenario.Vmrun vmrun) : NestedScenario(name, summary, expectation, vmrun)
{
    // The last page below the limit: the bitmap's second page is beyond. A memslot is there all the same: KVM does not look at the limit when one is created.
    private const ulong TooHigh = (1UL << MaxPhyAddr) - PageSize.Bytes;

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Kvm kvm, NestedSvm nested, Vmcb12 vmcb12)
    {
        int error = kvm.SetMemoryRegion(stage.Machine.SetupCpu, Home with { Slot = 1, GuestPhysAddr = new Gpa(TooHigh) }).GetResult();
        Invariant.Holds(error == 0, "a scenario's memslot can be created");
        stage.Add(new NestedVcpuActor("vcpu1", nested, vmcb12, Check), new WritesMsrpmBase(TooHigh));
    }
}
