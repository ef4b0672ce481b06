namespace MmuStress.Mmu;

/// <summary>The VMCB that an L1 hypervisor keeps for its guest, in its own memory: any vCPU of L1 may change it at any time.</summary>
/// <remarks>Mirrors: struct vmcb as kvm_vcpu_map() maps it in nested_svm_vmrun(). Differs: words of its own, not the content of a page of the guest.</remarks>
public sealed class Vmcb12
{
    private static readonly string[] Fields = ["vmcb12->control.msrpm_base_pa", "vmcb12->control.iopm_base_pa"];

    private readonly Block block;

    /// <summary>A VMCB.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="control">What it asks for in the beginning.</param>
    public Vmcb12(Multiprocessor machine, VmcbControl control)
    {
        block = machine.Memory.Allocate("vmcb12", Fields);
        MsrpmBasePa.Initialise(control.MsrpmBasePa);
        IopmBasePa.Initialise(control.IopmBasePa);
    }

    /// <summary>control.msrpm_base_pa.</summary>
    public Word MsrpmBasePa => block[0];

    /// <summary>control.iopm_base_pa.</summary>
    public Word IopmBasePa => block[1];

    /// <summary>Reads both, one after the other.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>What they said.</returns>
    public async Coroutine<VmcbControl> Read(Cpu cpu)
    {
        ulong msrpm = await cpu.ReadOnce(MsrpmBasePa);
        return new VmcbControl(msrpm, await cpu.ReadOnce(IopmBasePa));
    }
}
