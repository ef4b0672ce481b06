namespace MmuStress.Mmu;

/// <summary>Who is told before and after the host changes a mapping of user memory.</summary>
/// <remarks>
/// Mirrors: struct mmu_notifier_ops, include/linux/mmu_notifier.h (v6.1); invalidate_range is left out, KVM on these architectures has none.
/// Locking: start and end may be called under mmap_lock; the three about age and <see cref="ChangePte"/> under the page_table_lock, so they must not sleep.
/// </remarks>
public interface IMmuNotifier
{
    /// <summary>The host is about to change the mappings in <paramref name="range"/>; no use of them may be left when this returns.</summary>
    /// <param name="mayBlock">Whether the callee may sleep; the OOM reaper forbids it.</param>
    /// <returns>When nothing uses the old mappings.</returns>
    Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock);

    /// <summary>The host has changed the mappings in <paramref name="range"/>; new ones may be looked up.</summary>
    /// <param name="mayBlock">Whether the callee may sleep; as at the start.</param>
    /// <returns>When that is known.</returns>
    Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range, bool mayBlock = true);

    /// <summary>Takes the mark of recent use off <paramref name="range"/>, from TLBs as well.</summary>
    /// <returns>Whether it was there.</returns>
    Coroutine<bool> ClearFlushYoung(Cpu cpu, HvaRange range);

    /// <summary>Takes the mark of recent use off <paramref name="range"/> and leaves TLBs alone.</summary>
    /// <returns>Whether it was there.</returns>
    Coroutine<bool> ClearYoung(Cpu cpu, HvaRange range);

    /// <summary>Whether the page at <paramref name="hva"/> has been used recently.</summary>
    /// <returns>True when it has.</returns>
    Coroutine<bool> TestYoung(Cpu cpu, Hva hva);

    /// <summary>The host is about to map <paramref name="hva"/> as <paramref name="pte"/> says, between a start and an end.</summary>
    /// <returns>When the new mapping is known.</returns>
    Coroutine ChangePte(Cpu cpu, Hva hva, HostPte pte);

    /// <summary>The address space goes away; nothing may use it when this returns.</summary>
    /// <returns>When nothing does.</returns>
    Coroutine Release(Cpu cpu);
}
