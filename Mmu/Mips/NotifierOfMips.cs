namespace MmuStress.Mmu;

/// <summary>The notifier with MIPS's own callbacks, before their conversion to gfn-based ones.</summary>
/// <remarks>
/// Mirrors: kvm_test_age_hva(), arch/mips/kvm/mmu.c at 00a7aec1a9b0, which hands handle_hva_to_gpa() an empty interval, so that no memslot is ever hit and no
/// page is ever young; the conversion mended it, unasked. What the other callbacks do is the same before and after it, the frame too many included (LA3-1).
/// Locking: mmu_lock, as before patch 8 of the series of April 2021.
/// </remarks>
/// <param name="kvm">The VM.</param>
public sealed class NotifierOfMips(Kvm kvm) : NotifierV2Patch7(kvm)
{
    private static readonly GfnHandler TestAge = static (kvm, cpu, range) => new Coroutine<bool>(kvm.Arch.TestAgeGfn(cpu, range));

    /// <inheritdoc/>
    public override async Coroutine<bool> TestYoung(Cpu cpu, Hva hva)
    {
        cpu.Log($"test_young({hva})");
        bool young = await HandleHvaRange(cpu, new KvmMmuNotifierRange(new HvaRange(hva, hva), TestAge, null, FlushOnRet: false, MayBlock: false));
        Kvm.Tracepoints?.AgeReturned(cpu, Kvm, new HvaRange(hva, hva + 1), young);
        return young;
    }
}
