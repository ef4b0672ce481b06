namespace MmuStress.Mmu;

/// <summary>The cache as it was before ecbcf030b456: one that is not active can be used and refreshed.</summary>
/// <remarks>
/// Mirrors: kvm_gpc_check(), kvm_gpc_refresh(), kvm_gpc_activate() and kvm_gpc_deactivate() before "KVM: Reject attempts to consume or
/// refresh inactive gfn_to_pfn_cache" (v6.1). A refresh after the cache has left kvm->gpc_list makes it valid, and no notification finds it.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class GpcUsableWhenInactive(Kvm kvm) : GfnToPfnCache(kvm)
{
    /// <inheritdoc/>
    public override async Coroutine<int> Activate(Cpu cpu, Gpa gpa)
    {
        cpu.Log($"kvm_gpc_activate(gfn {gpa.Gfn})");
        if (cpu.Read(Active) == 0)
        {
            Forget(cpu);
            cpu.Write(Active, 1);
            await Kvm.GpcListAdd(cpu, this);
        }

        return await Refresh(cpu, gpa);
    }

    /// <inheritdoc/>
    public override async Coroutine Deactivate(Cpu cpu)
    {
        cpu.Log($"kvm_gpc_deactivate()");
        if (cpu.Read(Active) != 0)
        {
            await Kvm.GpcListDel(cpu, this);
            await Unmap(cpu);
            cpu.Write(Active, 0);
        }
    }

    private protected override bool IsConsumable(Cpu cpu) => true;
}
