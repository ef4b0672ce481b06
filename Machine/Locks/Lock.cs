namespace MmuStress.Machine;

/// <summary>A lock. Its state is a word of memory like any other, so that the explorer sees it as a location.</summary>
public abstract class Lock
{
    private const ulong OwnerMask = 0xffff_ffff;
    private const int ReaderShift = 32;
    private const int WaiterShift = 48;

    /// <summary>A free lock.</summary>
    /// <param name="machine">The machine it is on.</param>
    /// <param name="lockClass">The part it plays.</param>
    protected Lock(Multiprocessor machine, LockClass lockClass)
    {
        Class = lockClass;
        State = machine.Memory.Allocate(lockClass.Name, 1, BlockKind.Static)[0];
    }

    /// <summary>One reader, in the state word.</summary>
    public static ulong OneReader => 1UL << ReaderShift;

    /// <summary>One waiting writer, in the state word.</summary>
    public static ulong OneWaiter => 1UL << WaiterShift;

    /// <summary>The part it plays.</summary>
    public LockClass Class { get; }

    /// <summary>Owner (its id + 1) in bits 0 to 31, readers in bits 32 to 47, waiting writers above.</summary>
    public Word State { get; }

    /// <summary>What the owner's number in a state word is.</summary>
    /// <param name="cpu">The owner.</param>
    /// <returns>The lowest part of the state word.</returns>
    public static ulong OwnerBits(Cpu cpu) => (ulong)cpu.Id + 1;

    /// <summary>Whether <paramref name="state"/> lets one more owner in.</summary>
    /// <param name="state">A state word.</param>
    /// <returns>True when nobody holds the lock.</returns>
    public static bool IsFree(ulong state) => (state & (OneWaiter - 1)) == 0;

    /// <summary>Whether <paramref name="state"/> lets one more reader in: no owner, and no writer that waits.</summary>
    /// <param name="state">A state word.</param>
    /// <returns>True when a reader may enter.</returns>
    public static bool AdmitsReader(ulong state) => (state & OwnerMask) == 0 && state < OneWaiter;

    /// <summary>The id of the CPU that owns the lock by <paramref name="state"/>; -1 for nobody.</summary>
    /// <param name="state">A state word.</param>
    /// <returns>The id, or -1.</returns>
    public static int OwnerOf(ulong state) => (int)(state & OwnerMask) - 1;

    /// <summary>lockdep_assert_held: states that <paramref name="cpu"/> holds the lock, in whatever way.</summary>
    /// <param name="cpu">Who must hold it.</param>
    public void AssertHeld(Cpu cpu)
    {
        if (!cpu.Held.Contains(this))
        {
            cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} does not hold {Class.Name} where it must");
        }
    }

    /// <summary>spin_lock_init, rwlock_init, mutex_init of a lock that others may know already: it is free afterwards, and nobody may hold it.</summary>
    /// <remarks>Mirrors: debug_check_no_locks_freed(), which lockdep calls then: "Make sure we are not reinitializing a held lock".</remarks>
    /// <param name="cpu">The caller.</param>
    /// <returns>When it is free.</returns>
    public async Coroutine Initialise(Cpu cpu)
    {
        ulong state = await cpu.Xchg(State, 0);
        if (state != 0)
        {
            cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} initialises {Class.Name}, which is held");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Class.Name;
}
