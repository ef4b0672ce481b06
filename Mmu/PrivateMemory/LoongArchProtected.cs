namespace MmuStress.Mmu;

/// <summary>LoongArch's mended MMU for a guest with private memory.</summary>
/// <remarks>
/// Mirrors: kvm_mmu_faultin_pfn(), arch/x86/kvm/mmu/mmu.c (v6.8), for a KVM_X86_SW_PROTECTED_VM: whether a fault is private is what the attribute
/// says, looked up after the snapshot of mmu_invalidate_seq. A private page is had through its poison entry (FOLL_ALLOW_POISONED of the RFC of April 2021),
/// a shared one not.
/// Differs: no LoongArch has private memory. A bit of the stage-2 entry stands for what tells hardware that the memory is private.
/// </remarks>
public sealed class LoongArchProtected : LoongArchMended
{
    /// <summary>The MMU of <paramref name="kvm"/>.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="attributes">Which of its frames are private.</param>
    public LoongArchProtected(Kvm kvm, MemoryAttributes attributes)
        : base(kvm, "loongarch-protected") => Attributes = attributes;

    /// <summary>Which frames are private.</summary>
    public MemoryAttributes Attributes { get; }

    /// <summary>Whether a frame is mapped, and whether as a private one, read by nobody.</summary>
    /// <param name="gfn">The frame.</param>
    /// <returns>Null where it is not mapped.</returns>
    public bool? PeekIsMappedPrivate(Gfn gfn)
    {
        Page? table = Root;
        for (int level = Geometry.RootLevel; level > 0; level--)
        {
            table = TryDecodeTable(table.Words[Geometry.IndexOf(gfn, level)], level, out ulong frame) ? Memory.PageAt(frame) : null;
            if (table is null)
            {
                return null;
            }
        }

        ulong entry = table[Geometry.IndexOf(gfn, 0)].Peek;
        return (entry & LoongArchPteBits.Present) == 0 ? null : (entry & LoongArchPteBits.Private) != 0;
    }

    // A lookup that found nothing while an invalidation was in progress, or that one has overtaken, is repeated: the frame was being converted.
    private protected override async Coroutine<UserPage> FaultinPfn(Cpu cpu, Gfn gfn, bool write)
    {
        while (true)
        {
            ulong seq = await cpu.ReadOnce(Kvm.MmuInvalidateSeq);
            await cpu.Rmb();
            bool isPrivate = await Attributes.MemIsPrivate(cpu, gfn);
            cpu.Log($"  kvm_mem_is_private(gfn {gfn}) => {(isPrivate ? "yes" : "no")}");
            UserPage page = isPrivate ? await FaultinPfnPrivate(cpu, gfn, write) : await Kvm.GfnToPfnProt(cpu, gfn, write);
            if (page.Ok || !await Kvm.MmuInvalidateRetry(cpu, seq))
            {
                return page;
            }

            await cpu.CondResched();
        }
    }

    // kvm_mmu_faultin_pfn_private().
    private async Coroutine<UserPage> FaultinPfnPrivate(Cpu cpu, Gfn gfn, bool write)
    {
        Memslot? slot = await Kvm.GfnToMemslot(cpu, gfn);
        if (!Kvm.TryGfnToHvaMemslotProt(cpu, slot, gfn, out Hva hva, out bool writable) || (write && !writable))
        {
            return default;
        }

        UserPage page = await Kvm.Mm.GetPoisonedPage(cpu, hva);
        if (!page.Ok && await Attributes.PoisonAgain(cpu, gfn, hva) == 0)
        {
            page = await Kvm.Mm.GetPoisonedPage(cpu, hva);
        }

        return page with { Writable = page.Writable && writable };
    }
}
