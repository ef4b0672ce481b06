namespace MmuStress.Machine;

/// <summary>The locks and SRCU sections one CPU holds, and the rules about them: the part of lockdep that needs no other CPU.</summary>
/// <remarks>Only its own CPU touches it.</remarks>
public sealed class HeldLocks
{
    private readonly Cpu cpu;
    private Entry[] entries = new Entry[8];
    private int count;
    private int atomicDepth;
    private int srcuDepth;

    internal HeldLocks(Cpu cpu) => this.cpu = cpu;

    /// <summary>Whether the CPU must not sleep: it holds a spinning lock or has interrupts off.</summary>
    public bool IsAtomic => atomicDepth != 0;

    /// <summary>How many locks and SRCU sections are held.</summary>
    public int Count => count + srcuDepth;

    /// <summary>Whether <paramref name="target"/> is held, in whatever way.</summary>
    /// <param name="target">The lock.</param>
    /// <returns>True when it is.</returns>
    public bool Contains(Lock target)
    {
        for (int i = 0; i < count; i++)
        {
            if (ReferenceEquals(entries[i].Lock, target))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Checks that the CPU may take <paramref name="target"/> now: not recursively, not asleep in atomic context, not against the order.</summary>
    /// <param name="target">The lock.</param>
    public void BeforeAcquire(Lock target)
    {
        if (target.Class.MaySleep && atomicDepth != 0)
        {
            cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} takes {target.Class.Name}, which sleeps, in atomic context ({Describe()})");
        }

        for (int i = 0; i < count; i++)
        {
            Lock held = entries[i].Lock;
            if (ReferenceEquals(held, target))
            {
                cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} takes {target.Class.Name}, which it holds already");
                return;
            }

            if (cpu.Machine.LockOrder.Add(held.Class, target.Class) is { } cycle)
            {
                cpu.Fail(MachineInvariants.LockDiscipline, $"locks are taken in a cycle: {cycle}");
                return;
            }
        }
    }

    /// <summary>Notes that <paramref name="target"/> is held from now on.</summary>
    /// <param name="target">The lock.</param>
    /// <param name="isShared">Whether as a reader.</param>
    public void Acquired(Lock target, bool isShared)
    {
        if (count == entries.Length)
        {
            Array.Resize(ref entries, count * 2);
        }

        entries[count++] = new Entry(target, isShared);
        if (!target.Class.MaySleep)
        {
            atomicDepth++;
        }
    }

    /// <summary>Notes that <paramref name="target"/> is given back.</summary>
    /// <param name="target">The lock.</param>
    /// <param name="isShared">Whether as a reader.</param>
    /// <returns>False, after a report, when the CPU does not hold it so.</returns>
    public bool Release(Lock target, bool isShared)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(entries[i].Lock, target) && entries[i].IsShared == isShared)
            {
                count--;
                if (i != count)
                {
                    Array.Copy(entries, i + 1, entries, i, count - i);
                }

                entries[count] = default;
                if (!target.Class.MaySleep)
                {
                    atomicDepth--;
                }

                return true;
            }
        }

        cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} releases {target.Class.Name}, which it does not hold");
        return false;
    }

    /// <summary>Notes that interrupts (or preemption) are off: atomic context until <see cref="LeaveAtomic"/>.</summary>
    public void EnterAtomic() => atomicDepth++;

    /// <summary>Notes that interrupts (or preemption) are on again.</summary>
    public void LeaveAtomic()
    {
        Invariant.Holds(atomicDepth > 0, "atomic context is left only after it was entered");
        atomicDepth--;
    }

    /// <summary>Notes an SRCU read-side section.</summary>
    public void EnterSrcu() => srcuDepth++;

    /// <summary>Notes the end of an SRCU read-side section.</summary>
    /// <returns>False, after a report, when there was none.</returns>
    public bool LeaveSrcu()
    {
        if (srcuDepth == 0)
        {
            cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} leaves an SRCU section that it never entered");
            return false;
        }

        srcuDepth--;
        return true;
    }

    /// <summary>might_sleep: states that the CPU is allowed to sleep here.</summary>
    /// <param name="what">What sleeps.</param>
    public void AssertMaySleep(string what)
    {
        if (atomicDepth != 0)
        {
            cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} sleeps in {what} in atomic context ({Describe()})");
        }
    }

    /// <summary>States that nothing is held and interrupts are on, at the end of an actor or a message.</summary>
    public void AssertNone()
    {
        if (Count != 0)
        {
            cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} ends and still holds {Describe()}");
        }
        else if (atomicDepth != 0)
        {
            cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} ends with interrupts off");
        }
    }

    /// <summary>Forgets everything, for the next run.</summary>
    public void Clear()
    {
        Array.Clear(entries, 0, count);
        count = 0;
        atomicDepth = 0;
        srcuDepth = 0;
    }

    private string Describe()
    {
        var names = new List<string>();
        for (int i = 0; i < count; i++)
        {
            names.Add(entries[i].Lock.Class.Name);
        }

        if (srcuDepth != 0)
        {
            names.Add("an SRCU section");
        }

        return names.Count == 0 ? "interrupts are off" : string.Join(", ", names);
    }

    private readonly record struct Entry(Lock Lock, bool IsShared);
}
