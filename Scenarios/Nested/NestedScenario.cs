using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;
using static MmuStress.Scenarios.NestedInvariants;

namespace MmuStress.Scenarios;

/// <summary>A guest that is a hypervisor: two pages of an MSR bitmap in a memslot of its own, a VMCB that points there, and a vCPU that enters L2.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="vmrun">Makes the code that enters L2.</param>
internal abstract class NestedScenario(string name, string summary, Expectation expectation, NestedScenario.Vmrun vmrun) : Scenario
{
    /// <summary>How wide L1's physical addresses are.</summary>
    protected const int MaxPhyAddr = 15;

    /// <summary>The memslot with the bitmap.</summary>
    protected static readonly UserspaceMemoryRegion Home = UserspaceMemoryRegion.OfPages(0, 4, SvmBitmaps.MsrpmPages, 1);

    private static readonly KvmParameters Shape = new() { Levels = 3, EntriesPerTable = 4, PhysicalCpus = 1 };
    private static readonly VmcbControl Control = new(Home.GuestPhysAddr.Value, 0);
    private static readonly Message[] Run = [new RunsNested()];

    /// <summary>Makes the code that enters L2.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="vmcb12">L1's VMCB.</param>
    /// <param name="maxPhyAddr">The width of L1's physical addresses in bits.</param>
    /// <param name="check">What is checked.</param>
    /// <returns>It.</returns>
    internal delegate NestedSvm Vmrun(Kvm kvm, Vmcb12 vmcb12, int maxPhyAddr, NestedBitmapCheck check);

    /// <inheritdoc/>
    public sealed override string Name => name;

    /// <inheritdoc/>
    public sealed override string Summary => summary;

    /// <inheritdoc/>
    public sealed override bool HasMmu => false;

    /// <inheritdoc/>
    public sealed override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Expectation> Expectations { get; } = [expectation];

    /// <inheritdoc/>
    public sealed override void Build(Stage stage, ScenarioParameters parameters, string mmu)
    {
        var mm = new HostMm(stage.Machine, 1 + SvmBitmaps.MsrpmPages);
        for (ulong page = 0; page < (ulong)mm.Pages; page++)
        {
            mm.Populate(Hva.OfPage(page), 100 + page);
        }

        var kvm = new Kvm(stage.Machine, mm, Shape, MmuArchitectures.LoongArchMended); // whose tables are not used: KVM reads through the memslots
        int error = kvm.SetMemoryRegion(stage.Machine.SetupCpu, Home).GetResult();
        Invariant.Holds(error == 0, "a scenario's memslot can be created");
        var vmcb12 = new Vmcb12(stage.Machine, Control);
        NestedSvm nested = vmrun(kvm, vmcb12, MaxPhyAddr, NestedBitmapCheck.Merged);
        stage.Add(new NestedVcpuActor(Names.Vcpu(0), nested, vmcb12, Check), Run);
        Cast(stage, kvm, nested, vmcb12);
    }

    /// <summary>Adds who is there beside the vCPU.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="kvm">The VM.</param>
    /// <param name="nested">The code that enters L2.</param>
    /// <param name="vmcb12">L1's VMCB.</param>
    protected abstract void Cast(Stage stage, Kvm kvm, NestedSvm nested, Vmcb12 vmcb12);

    /// <summary>Looks when L2 is about to run.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="nested">What L2 runs with.</param>
    protected static void Check(Cpu cpu, NestedSvm nested)
    {
        if (!nested.IsControlLegal)
        {
            cpu.Fail(NestedControlsAreChecked, $"L2 runs with the MSR bitmap at 0x{nested.Control.MsrpmBasePa:x}, beyond L1's {MaxPhyAddr} address bits", "the address was not checked");
        }
        else if (nested.Msrpm[0] != 101 || nested.Msrpm[1] != 102)
        {
            cpu.Fail(NestedBitmapIsWhole, $"L2 runs with the MSR bitmap {nested.Msrpm[0]}, {nested.Msrpm[1]}, which is not L1's", "of two versions of the memslots");
        }
    }
}
