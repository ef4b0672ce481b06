namespace MmuStress.Mmu;

/// <content>The OOM reaper.</content>
public sealed partial class HostMm
{
    /// <summary>Gives all memory of a process back that is being killed for want of memory, while its threads still run.</summary>
    /// <remarks>
    /// Mirrors: oom_reap_task_mm(), __oom_reap_task_mm(), mm/oom_kill.c (v6.1): each VMA is a notification of its own, and its notifiers must not sleep
    /// (mmu_notifier_invalidate_range_start_nonblock()), since whoever they would wait for may be waiting for memory.
    /// Before, as <see cref="HostMmParameters.OomReaper"/> says.
    /// Locking: takes mmap_lock for read.
    /// Differs: waits for mmap_lock, where the reaper tries ten times. MMF_UNSTABLE is not modelled: what was reaped reads as zeroes, where the
    /// kernel has the fault end in SIGBUS.
    /// </remarks>
    /// <returns>When it is done.</returns>
    public async Coroutine OomReap(Cpu cpu)
    {
        await cpu.ReadLock(MmapLock);
        cpu.Log($"oom_reap_task_mm()");
        if (Parameters.OomReaper == OomReaperMode.Skips && notifiers.Length != 0)
        {
            await cpu.ReadUnlock(MmapLock);
            return;
        }

        for (int i = 0; i < vmas.Count; i++)
        {
            var range = new HvaRange(vmas[i].Start(cpu), vmas[i].End(cpu));
            await ZapPageRange(cpu, range, mayBlock: false, notify: Parameters.OomReaper == OomReaperMode.Notifies);
        }

        await cpu.ReadUnlock(MmapLock);
    }
}
