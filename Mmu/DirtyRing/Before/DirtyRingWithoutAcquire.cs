namespace MmuStress.Mmu;

/// <summary>The ring as it was before 8929bc965964: an entry's flags are loaded and stored without any ordering.</summary>
/// <remarks>
/// Mirrors: kvm_dirty_gfn_harvested() and kvm_dirty_gfn_set_invalid() before "KVM: Use acquire/release semantics when accessing dirty ring
/// GFN state" (v6.1). The reset may read slot and offset before the flags that say that they are filled in: old ones.
/// Differs: the accesses are marked, as the compiler makes one of each.
/// </remarks>
/// <param name="machine">The machine it is on.</param>
/// <param name="index">Its vCPU's number.</param>
/// <param name="size">How many entries, a power of 2.</param>
/// <param name="reserved">How many of them are left when the vCPU must stop.</param>
public sealed class DirtyRingWithoutAcquire(Multiprocessor machine, int index, int size, int reserved) : DirtyRing(machine, index, size, reserved)
{
    private protected override async Coroutine<bool> IsHarvested(Cpu cpu, ulong n) => (await cpu.ReadOnce(Flags(n)) & FlagReset) != 0;

    private protected override Step SetInvalid(Cpu cpu, ulong n) => cpu.WriteOnce(Flags(n), 0);
}
