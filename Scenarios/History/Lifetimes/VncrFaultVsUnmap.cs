using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A fault on a nested guest's VNCR page that an invalidation overtakes gives its page back (Z50).</summary>
/// <remarks>
/// Mirrors: kvm_translate_vncr(), arch/arm64/kvm/nested.c, before and after "KVM: arm64: Don't leak PFN when kvm_translate_vncr() races MMU notifier"
/// (v6.18): __kvm_faultin_pfn(), then under mmu_lock mmu_invalidate_retry(), which returns -EAGAIN.
/// Differs: the pseudo-TLB is a word; the VM around it is another architecture's, whose page table is not used.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class VncrFaultVsUnmap(bool isBefore) : LifetimeRace(
    "vncr-fault-vs-unmap", "a fault on a nested guest's VNCR page is overtaken by an invalidation", "9f76b039a72d", nameof(PageReferences), isBefore)
{
    private static readonly KvmParameters Shape = new() { Levels = 2, EntriesPerTable = 4, PhysicalCpus = 1 };
    private static readonly Gfn VncrPage = new(1);

    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        var mm = new HostMm(stage.Machine, 2);
        mm.Populate(Hva.OfPage(1), 1);
        var kvm = new Kvm(stage.Machine, mm, Shape, MmuArchitectures.LoongArchMended);
        int error = kvm.SetMemoryRegion(stage.Machine.SetupCpu, UserspaceMemoryRegion.OfPages(0, 1, 1, 1)).GetResult();
        Invariant.Holds(error == 0, "a scenario's memslot can be created");
        Word vncrTlb = stage.Machine.Memory.Allocate("vcpu", "vncr_tlb->hpa")[0];
        AddThread(stage, "vcpu0", IsBefore ? cpu => TranslateVncrBefore(cpu, kvm, vncrTlb) : cpu => TranslateVncr(cpu, kvm, vncrTlb));
        AddThread(stage, "notifier0", cpu => mm.Unmap(cpu, HvaRange.OfPages(1, 1)));
        var references = new PageReferences();
        stage.CheckAtEnd(() => references.AtEnd(kvm));
    }

    // kvm_translate_vncr() before the fix.
    private static async Coroutine TranslateVncrBefore(Cpu cpu, Kvm kvm, Word vncrTlb)
    {
        (ulong seq, UserPage page) = await Faultin(cpu, kvm);
        await cpu.Lock(kvm.MmuLock);
        if (await kvm.MmuInvalidateRetry(cpu, seq))
        {
            await cpu.Unlock(kvm.MmuLock);
            cpu.Log($"  kvm_translate_vncr() => -EAGAIN");
            return;
        }

        await Map(cpu, kvm, vncrTlb, page);
    }

    // kvm_translate_vncr().
    private static async Coroutine TranslateVncr(Cpu cpu, Kvm kvm, Word vncrTlb)
    {
        (ulong seq, UserPage page) = await Faultin(cpu, kvm);
        await cpu.Lock(kvm.MmuLock);
        if (await kvm.MmuInvalidateRetry(cpu, seq))
        {
            await cpu.Unlock(kvm.MmuLock);
            await kvm.ReleasePfnClean(cpu, page.Frame!); // kvm_release_faultin_page()
            cpu.Log($"  kvm_translate_vncr() => -EAGAIN");
            return;
        }

        await Map(cpu, kvm, vncrTlb, page);
    }

    private static async Coroutine<(ulong Seq, UserPage Page)> Faultin(Cpu cpu, Kvm kvm)
    {
        cpu.Log($"kvm_translate_vncr()");
        ulong index = await cpu.SrcuReadLock(kvm.Srcu);
        ulong seq = await cpu.ReadOnce(kvm.MmuInvalidateSeq);
        await cpu.Rmb();
        UserPage page = await kvm.GfnToPfnProt(cpu, VncrPage, write: true);
        await cpu.SrcuReadUnlock(kvm.Srcu, index);
        Invariant.Holds(page.Ok, "the VNCR page has memory");
        return (seq, page);
    }

    private static async Coroutine Map(Cpu cpu, Kvm kvm, Word vncrTlb, UserPage page)
    {
        await cpu.WriteOnce(vncrTlb, page.Pfn.Value);
        await cpu.Unlock(kvm.MmuLock);
        await kvm.ReleasePfnClean(cpu, page.Frame!);
    }
}
