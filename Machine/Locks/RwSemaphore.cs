namespace MmuStress.Machine;

/// <summary>struct rw_semaphore: waiting sleeps, and a writer that waits keeps later readers out.</summary>
/// <remarks>
/// That fairness is what turns a reader inside a reader's section into a deadlock (the April 2021 series' mmu_notifier_slots_lock).
/// Readers use <see cref="Cpu.ReadLock"/>; writers call <see cref="DownWrite"/> so that their waiting is seen.
/// </remarks>
/// <param name="machine">The machine it is on.</param>
/// <param name="lockClass">The part it plays; sleeps.</param>
public sealed class RwSemaphore(Multiprocessor machine, LockClass lockClass) : SharedLock(machine, lockClass)
{
    /// <summary>down_write: queues, then takes the semaphore for itself.</summary>
    /// <param name="cpu">Who takes it; it must be allowed to sleep.</param>
    /// <returns>When it is taken.</returns>
    public async Coroutine DownWrite(Cpu cpu)
    {
        cpu.Held.BeforeAcquire(this);
        ulong before = await cpu.CmpXchg(State, 0, Lock.OwnerBits(cpu));
        if (before == 0)
        {
            cpu.Held.Acquired(this, isShared: false);
            return;
        }

        await cpu.AddReturn(State, (long)Lock.OneWaiter);
        await cpu.Lock(this);
        await cpu.AddReturn(State, -(long)Lock.OneWaiter);
    }
}
