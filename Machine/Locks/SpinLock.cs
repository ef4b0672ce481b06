namespace MmuStress.Machine;

/// <summary>spinlock_t: its holder is in atomic context.</summary>
/// <param name="machine">The machine it is on.</param>
/// <param name="lockClass">The part it plays; must not sleep.</param>
public sealed class SpinLock(Multiprocessor machine, LockClass lockClass) : Lock(machine, lockClass);
