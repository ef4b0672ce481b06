namespace MmuStress.Machine;

/// <summary>rwlock_t: its holder, reader or writer, is in atomic context.</summary>
/// <param name="machine">The machine it is on.</param>
/// <param name="lockClass">The part it plays; must not sleep.</param>
public sealed class RwLock(Multiprocessor machine, LockClass lockClass) : SharedLock(machine, lockClass);
