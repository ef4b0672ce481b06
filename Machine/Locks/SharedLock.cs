namespace MmuStress.Machine;

/// <summary>A lock that readers can share.</summary>
/// <param name="machine">The machine it is on.</param>
/// <param name="lockClass">The part it plays.</param>
public abstract class SharedLock(Multiprocessor machine, LockClass lockClass) : Lock(machine, lockClass);
