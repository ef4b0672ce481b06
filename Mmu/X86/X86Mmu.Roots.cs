namespace MmuStress.Mmu;

/// <content>Roots: who has one loaded, how it goes. Mirrors: tdp_mmu.c and mmu.c (v6.9).</content>
public partial class X86Mmu
{
    /// <summary>KVM_REQ_MMU_FREE_OBSOLETE_ROOTS.</summary>
    public static readonly Request FreeObsoleteRootsRequest = new(39, Waits: true, WakesUp: false);

    // kvm->arch.tdp_mmu_roots. Written under tdp_mmu_pages_lock, read under RCU; the word is what stands for the list.
    private readonly Word rootsWord;
    private KvmMmuPage[] tdpMmuRoots = [];

    // The vCPUs that have loaded a root, to unload them in the end. Guarded by tdp_mmu_pages_lock.
    private readonly List<Vcpu> loadedVcpus = new(0);

    /// <inheritdoc/>
    /// <remarks>Mirrors: vcpu_enter_guest(), kvm_mmu_reload(). Whatever is asked for comes before.</remarks>
    public sealed override async Coroutine EnterGuest(Cpu cpu, Vcpu vcpu)
    {
        if (LoadedRoot(vcpu) is null)
        {
            await LoadRoot(cpu, vcpu);
        }

        await vcpu.EnterGuestAfterRequests(cpu);
    }

    /// <inheritdoc/>
    /// <remarks>Mirrors: kvm_mmu_free_obsolete_roots() and kvm_mmu_reload() in vcpu_enter_guest().</remarks>
    public sealed override async Coroutine ServeRequests(Cpu cpu, Vcpu vcpu, ulong requests)
    {
        if ((requests & FreeObsoleteRootsRequest.Bit) == 0)
        {
            return;
        }

        if (LoadedRoot(vcpu) is { } root && await IsObsoleteOutsideLock(cpu, root))
        {
            await FreeRoot(cpu, vcpu);
            await LoadRoot(cpu, vcpu);
        }
    }

    // list_first_or_null_rcu(). In one step with all that came before it: what a grace period sees to, and the word alone would not.
    private Step ReadRoots(Cpu cpu) => cpu.FetchOr(rootsWord, 0);

    // vcpu->arch.mmu->root.
    private protected static KvmMmuPage? LoadedRoot(Vcpu vcpu) => vcpu.MmuRoot;

    // is_obsolete_root() of kvm_mmu_free_obsolete_roots(): the request was made after the root became invalid, and read after the request.
    private static async Coroutine<bool> IsObsoleteOutsideLock(Cpu cpu, KvmMmuPage root) => await cpu.ReadOnce(root.Invalid) != 0;

    // kvm_mmu_load(), kvm_tdp_mmu_alloc_root().
    private async Coroutine LoadRoot(Cpu cpu, Vcpu vcpu)
    {
        vcpu.MmuPageCache.TopUp(cpu, CacheMinPages);
        KvmMmuPage? root;
        await cpu.ReadLock(MmuLock);
        root = await NextRoot(cpu, null, onlyValid: true);
        if (root is null)
        {
            await cpu.Lock(tdpMmuPagesLock);

            // Another vCPU may have raced ahead and created a new usable root.
            root = Array.Find(tdpMmuRoots, candidate => cpu.Read(candidate.Invalid) == 0);
            if (root is not null)
            {
                bool isHeld = await GetRoot(cpu, root);
                Kvm.WarnOn(cpu, !isHeld, "a root that is valid has no reference");
            }
            else
            {
                Page spt = vcpu.MmuPageCache.Allocate(cpu);
                cpu.Fill(spt, Spte.NonPresent);
                root = new KvmMmuPage(Kvm.Machine, spt);
                await cpu.WriteOnce(root.RootCount, 2); // the vCPU's, and the TDP MMU's until the root is zapped
                await cpu.AddReturn(rootsWord, 1); // list_add_rcu()
                tdpMmuRoots = [root, .. tdpMmuRoots];
            }

            await cpu.Unlock(tdpMmuPagesLock);
        }

        await cpu.ReadUnlock(MmuLock);
        cpu.Log($"kvm_mmu_load() => {root}");
        if (vcpu.MmuRoot is null && !vcpu.HasLoadedMmu)
        {
            vcpu.HasLoadedMmu = true;
            await cpu.Lock(tdpMmuPagesLock);
            loadedVcpus.Add(vcpu);
            await cpu.Unlock(tdpMmuPagesLock);
        }

        vcpu.MmuRoot = root;
        vcpu.FlushTlbCurrent();
    }

    // kvm_mmu_free_roots() of the one root there is.
    private async Coroutine FreeRoot(Cpu cpu, Vcpu vcpu)
    {
        if (vcpu.MmuRoot is not { } root)
        {
            return;
        }

        await cpu.ReadLock(MmuLock);
        await PutRoot(cpu, root);
        await cpu.ReadUnlock(MmuLock);
        vcpu.MmuRoot = null;
    }

    // kvm_tdp_mmu_get_root(): refcount_inc_not_zero().
    private static async Coroutine<bool> GetRoot(Cpu cpu, KvmMmuPage root)
    {
        ulong count = await cpu.ReadOnce(root.RootCount);
        while (count != 0)
        {
            ulong seen = await cpu.CmpXchg(root.RootCount, count, count + 1);
            if (seen == count)
            {
                return true;
            }

            count = seen;
        }

        return false;
    }

    // kvm_tdp_mmu_put_root(). Caller holds mmu_lock.
    private protected async Coroutine PutRoot(Cpu cpu, KvmMmuPage root)
    {
        if (await cpu.AddReturn(root.RootCount, -1) != 0)
        {
            return;
        }

        // The TDP MMU itself holds a reference to each root until the root is explicitly invalidated.
        Kvm.WarnOn(cpu, cpu.Read(root.Invalid) == 0, "the last reference to a root is put that is not invalid");
        await cpu.Lock(tdpMmuPagesLock);
        await cpu.AddReturn(rootsWord, 1); // list_del_rcu()
        tdpMmuRoots = Array.FindAll(tdpMmuRoots, other => !ReferenceEquals(other, root));
        await cpu.Unlock(tdpMmuPagesLock);
        cpu.Log($"  call_rcu({root})");
        Rcu.Call(cpu, reader =>
        {
            root.Free(reader);
            Kvm.Tracepoints?.TableFreed(reader, Kvm, root.Spt);
        });
    }

    // tdp_mmu_next_root(): with a reference, in exchange for that to the previous one. Caller holds mmu_lock.
    private protected async Coroutine<KvmMmuPage?> NextRoot(Cpu cpu, KvmMmuPage? previous, bool onlyValid)
    {
        MmuLock.AssertHeld(cpu);
        Rcu.ReadLock(cpu);
        await ReadRoots(cpu);
        KvmMmuPage[] roots = tdpMmuRoots;
        KvmMmuPage? next = null;
        for (int i = Array.IndexOf(roots, previous) + 1; i < roots.Length && next is null; i++)
        {
            if ((!onlyValid || cpu.Read(roots[i].Invalid) == 0) && await GetRoot(cpu, roots[i]))
            {
                next = roots[i];
            }
        }

        Rcu.ReadUnlock(cpu);
        if (previous is not null)
        {
            await PutRoot(cpu, previous);
        }

        return next;
    }

    // kvm_tdp_mmu_invalidate_all_roots(). Caller holds mmu_lock for write.
    private async Coroutine InvalidateAllRoots(Cpu cpu)
    {
        MmuLock.AssertHeld(cpu);
        await ReadRoots(cpu);
        foreach (KvmMmuPage root in tdpMmuRoots)
        {
            // Note, invalid roots can outlive a memslot update!
            if (cpu.Read(root.Invalid) == 0)
            {
                cpu.Log($"  {root}: role.invalid = true");
                cpu.Write(root.ScheduledRootToZap, 1);
                await cpu.WriteOnce(root.Invalid, 1);
            }
        }
    }

    // kvm_tdp_mmu_zap_invalidated_roots(). Takes mmu_lock for read.
    private async Coroutine ZapInvalidatedRoots(Cpu cpu)
    {
        await cpu.ReadLock(MmuLock);
        for (KvmMmuPage? root = await NextRoot(cpu, null, onlyValid: false); root is not null; root = await NextRoot(cpu, root, onlyValid: false))
        {
            if (cpu.Read(root.ScheduledRootToZap) == 0)
            {
                continue;
            }

            cpu.Write(root.ScheduledRootToZap, 0);
            Kvm.WarnOn(cpu, cpu.Read(root.Invalid) == 0, "a root is scheduled to be zapped and not invalid");
            await ZapRoot(cpu, root, shared: true);

            // After zapping, as the root must be reachable by notifications while it is being zapped.
            await PutRoot(cpu, root);
        }

        await cpu.ReadUnlock(MmuLock);
    }
}
