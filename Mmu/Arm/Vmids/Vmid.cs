namespace MmuStress.Mmu;

/// <summary>A VM's VMID.</summary>
/// <remarks>
/// Mirrors: kvm->arch.vmid_gen, vmid and vttbr, arch/arm/include/asm/kvm_host.h (v3.18).
/// Differs: of VTTBR only the VMID is kept, which makes vmid itself the same; the table's address does not change.
/// </remarks>
public sealed class Vmid
{
    private static readonly string[] Fields = ["kvm->arch.vmid_gen", "kvm->arch.vttbr"];

    private readonly Block block;

    /// <summary>None yet: its generation, 0, was never current.</summary>
    /// <param name="memory">Where.</param>
    public Vmid(PhysicalMemory memory) => block = memory.Allocate("vmid", Fields);

    /// <summary>kvm->arch.vmid_gen. Written under kvm_vmid_lock, read without.</summary>
    public Word Generation => block[0];

    /// <summary>kvm->arch.vttbr, the part that holds the VMID. Written under kvm_vmid_lock, read without.</summary>
    public Word Vttbr => block[1];
}
