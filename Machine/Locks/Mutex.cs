namespace MmuStress.Machine;

/// <summary>struct mutex: waiting sleeps.</summary>
/// <param name="machine">The machine it is on.</param>
/// <param name="lockClass">The part it plays; sleeps.</param>
public sealed class Mutex(Multiprocessor machine, LockClass lockClass) : Lock(machine, lockClass);
