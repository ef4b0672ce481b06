namespace MmuStress.Machine;

/// <summary>struct lockdep_map without a lock: a section of code that counts as holding one, so that the order of locks around and inside it is checked.</summary>
/// <remarks>Mirrors: lock_map_acquire(), lock_map_release(), include/linux/lockdep.h. Any number of CPUs may be inside at a time.</remarks>
/// <param name="machine">The machine it is on.</param>
/// <param name="lockClass">The part it plays; sleeps, if those inside may.</param>
public sealed class LockMap(Multiprocessor machine, LockClass lockClass) : Lock(machine, lockClass)
{
    /// <summary>lock_map_acquire: the section begins.</summary>
    /// <param name="cpu">Who is in it.</param>
    public void Acquire(Cpu cpu)
    {
        cpu.Held.BeforeAcquire(this);
        cpu.Held.Acquired(this, isShared: true);
    }

    /// <summary>lock_map_release: the section ends.</summary>
    /// <param name="cpu">Who is in it.</param>
    public void Release(Cpu cpu) => cpu.Held.Release(this, isShared: true);
}
