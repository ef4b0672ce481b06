namespace MmuStress.Mmu;

/// <summary>The cache as it was before 52491a38b2c2: activating it initialises its locks, whoever holds them.</summary>
/// <remarks>
/// Mirrors: kvm_gfn_to_pfn_cache_init() before "KVM: Initialize gfn_to_pfn_cache locks in dedicated helper" (v6.1). A user takes gpc->lock
/// before it can know whether the cache is active.
/// Differs: the looks at gpc->active that came with ecbcf030b456 are there, so that nothing else is wrong.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class GpcInitialisedOnActivate(Kvm kvm) : GfnToPfnCache(kvm)
{
    /// <inheritdoc/>
    public override async Coroutine<int> Activate(Cpu cpu, Gpa gpa)
    {
        if (cpu.Read(Active) == 0)
        {
            await Lock.Initialise(cpu); // rwlock_init()
            await RefreshLock.Initialise(cpu); // mutex_init()
        }

        return await base.Activate(cpu, gpa);
    }
}
