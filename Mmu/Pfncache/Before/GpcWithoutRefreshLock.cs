namespace MmuStress.Mmu;

/// <summary>The cache as it was before 93984f19e7bc: refreshes are not serialised against each other.</summary>
/// <remarks>
/// Mirrors: kvm_gfn_to_pfn_cache_refresh() and hva_to_pfn_retry() before "KVM: Fully serialize gfn=>pfn cache refresh via mutex" (v5.19).
/// A refresh stores its address and drops gpc->lock to look the page up; another one may come with another address and finish before it.
/// Then the first stores its page beside the other's address.
/// Differs: gpc->active is looked at, as only later; the range of an invalidation in progress is not.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class GpcWithoutRefreshLock(Kvm kvm) : GfnToPfnCache(kvm)
{
    private const ulong OffsetMask = PageSize.Bytes - 1;

    /// <inheritdoc/>
    public override async Coroutine<int> Refresh(Cpu cpu, Gpa gpa)
    {
        MemslotSet slots = await Kvm.Memslots(cpu);
        await cpu.Lock(Lock);
        if (!IsConsumable(cpu))
        {
            await cpu.Unlock(Lock);
            return -Errno.EINVAL;
        }

        cpu.Log($"kvm_gfn_to_pfn_cache_refresh(gfn {gpa.Gfn})");
        ulong oldUhva = cpu.Read(Uhva);
        bool oldValid = cpu.Read(Valid) != 0;
        int ret = 0;
        if (!await RefreshUhva(cpu, slots, gpa))
        {
            cpu.Write(Pfn, 0);
            ret = -Errno.EFAULT;
        }
        else if (!oldValid || oldUhva != cpu.Read(Uhva))
        {
            var uhva = new Hva(cpu.Read(Uhva));

            // Placeholders for "hva is valid but not yet mapped".
            cpu.Write(Pfn, 0);
            cpu.Write(Khva, 0);
            cpu.Write(Valid, 1);
            await cpu.Unlock(Lock);

            Frame? page = await HvaToPfnRetry(cpu, uhva);

            await cpu.Lock(Lock);
            if (page is null)
            {
                ret = -Errno.EFAULT;
                cpu.Write(Valid, 0);
                cpu.Write(Pfn, 0);
                cpu.Write(Khva, 0);
            }
            else
            {
                // At this point, gpc->valid may already have been cleared.
                cpu.Log($"  gpc->pfn = {page.Pfn}");
                cpu.Write(Pfn, page.Pfn.Value);
                cpu.Write(Khva, (page.Pfn.Value << PageSize.Shift) + (gpa.Value & OffsetMask));
                await Kvm.ReleasePfnClean(cpu, page);
            }
        }

        await cpu.Unlock(Lock);
        return ret;
    }

    // hva_to_pfn_retry().
    private async Coroutine<Frame?> HvaToPfnRetry(Cpu cpu, Hva uhva)
    {
        while (true)
        {
            ulong mmuSeq = await cpu.ReadOnce(Kvm.MmuInvalidateSeq);
            await cpu.Rmb();
            UserPage page = await Kvm.Mm.GetUserPage(cpu, uhva, write: true);
            if (!page.Ok)
            {
                return null;
            }

            cpu.Log($"  hva_to_pfn(hva {uhva}) => pfn {page.Pfn}");
            await cpu.Lock(Kvm.MmuLock);
            bool retry = await Kvm.MmuInvalidateRetry(cpu, mmuSeq);
            await cpu.Unlock(Kvm.MmuLock);
            if (!retry)
            {
                return page.Frame;
            }

            await Kvm.ReleasePfnClean(cpu, page.Frame!);
            await cpu.CondResched();
        }
    }
}
