using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A VM changes from radix to hashed page tables while the host unmaps a page (Z48).</summary>
/// <remarks>
/// Mirrors: kvmppc_switch_mmu_to_hpt(), kvm_unmap_hva_range_hv(), arch/powerpc/kvm/book3s_hv.c, before and after "KVM: PPC: Book3S HV: Fix race between
/// kvm_unmap_hva_range and MMU mode switch" (v5.0). Before it the radix tables are freed first, and kvm->arch.radix is cleared afterwards, both without mmu_lock.
/// Differs: one table; the hashed ones are nothing.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class RadixSwitchVsUnmap(bool isBefore) : LifetimeRace(
    "radix-switch-vs-unmap", "a VM changes from radix to hashed page tables while the host unmaps a page", "234ff0b729ad", MmuInvariants.NoTableUseAfterFree, isBefore)
{
    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        Multiprocessor machine = stage.Machine;
        var mmuLock = new SpinLock(machine, LifetimeLocks.MmuLock);
        Word radix = machine.Memory.Allocate("kvm", "kvm->arch.radix")[0];
        radix.Initialise(1);
        Page pgtable = machine.Memory.AllocatePage("pgtable", KvmArch.TablePage);
        pgtable.Fill(0);
        AddThread(stage, "switcher", IsBefore ? cpu => SwitchToHptBefore(cpu, machine, radix, pgtable) : cpu => SwitchToHpt(cpu, machine, mmuLock, radix, pgtable));
        AddThread(stage, "notifier0", cpu => UnmapHvaRange(cpu, mmuLock, radix, pgtable));
    }

    // kvmppc_switch_mmu_to_hpt() before the fix.
    private static async Coroutine SwitchToHptBefore(Cpu cpu, Multiprocessor machine, Word radix, Page pgtable)
    {
        cpu.Log($"kvmppc_switch_mmu_to_hpt()");
        machine.Memory.FreePage(cpu, pgtable);
        cpu.Log($"  kvmppc_free_radix()");
        await cpu.WriteOnce(radix, 0);
    }

    // kvmppc_switch_mmu_to_hpt().
    private static async Coroutine SwitchToHpt(Cpu cpu, Multiprocessor machine, SpinLock mmuLock, Word radix, Page pgtable)
    {
        cpu.Log($"kvmppc_switch_mmu_to_hpt()");
        await cpu.Lock(mmuLock);
        await cpu.WriteOnce(radix, 0);
        await cpu.Unlock(mmuLock);
        machine.Memory.FreePage(cpu, pgtable);
        cpu.Log($"  kvmppc_free_radix()");
    }

    // kvm_unmap_hva_range_hv(), kvm_unmap_radix().
    private static async Coroutine UnmapHvaRange(Cpu cpu, SpinLock mmuLock, Word radix, Page pgtable)
    {
        cpu.Log($"kvm_unmap_hva_range()");
        await cpu.Lock(mmuLock);
        bool isRadix = await cpu.ReadOnce(radix) != 0;
        cpu.Log($"  kvm_is_radix() => {(isRadix ? "yes" : "no")}");
        if (isRadix)
        {
            await cpu.ReadOnce(pgtable[0]);
            cpu.Log($"  kvm_unmap_radix()");
        }

        await cpu.Unlock(mmuLock);
    }
}
