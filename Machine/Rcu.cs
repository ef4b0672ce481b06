namespace MmuStress.Machine;

/// <summary>RCU: what is handed to <see cref="Call"/> is done when every reader that was inside then has left.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> A callback runs as early as it may: in the step in which the last reader leaves that was inside when it was handed over, or at
/// once where there was none. Later would be right, too, and would hide a use after free.
/// </para>
/// Mirrors: rcu_read_lock(), rcu_read_unlock(), call_rcu() (kernel/rcu, v6.8). A reader must not sleep.
/// Differs: entering and leaving are no steps, as they are no shared memory in the kernel. They belong to the step before them. Callbacks run on
/// the reader that leaves last, not in a softirq. That who enters after a grace period sees all that came before it is not modelled: where reads
/// may be old (<see cref="Multiprocessor.IsWeak"/>) every callback waits for <see cref="Barrier"/>.
/// </remarks>
/// <param name="machine">The machine it is on.</param>
public sealed class Rcu(Multiprocessor machine)
{
    private readonly Word state = machine.Memory.Allocate("rcu", 1, BlockKind.Static)[0]; // stands for the rest, for an exhaustive search

    // Guarded by itself:
    private readonly List<Reader> readers = [];
    private readonly List<Callback> callbacks = [];

    /// <summary>How many callbacks have not run yet.</summary>
    public int Pending
    {
        get
        {
            lock (readers)
            {
                return callbacks.Count;
            }
        }
    }

    /// <summary>rcu_read_lock().</summary>
    /// <param name="cpu">The reader.</param>
    public void ReadLock(Cpu cpu)
    {
        cpu.Held.EnterAtomic();
        _ = state.Peek;
        lock (readers)
        {
            int i = IndexOf(cpu);
            if (i < 0)
            {
                readers.Add(new Reader(cpu, 1));
            }
            else
            {
                readers[i] = readers[i] with { Depth = readers[i].Depth + 1 };
            }
        }
    }

    /// <summary>rcu_read_unlock().</summary>
    /// <param name="cpu">The reader.</param>
    public void ReadUnlock(Cpu cpu)
    {
        cpu.Held.LeaveAtomic();
        _ = state.Peek;
        List<Callback>? ready = null;
        lock (readers)
        {
            int i = IndexOf(cpu);
            Invariant.Holds(i >= 0, "an RCU section is left only after it was entered");
            if (readers[i].Depth > 1)
            {
                readers[i] = readers[i] with { Depth = readers[i].Depth - 1 };
                return;
            }

            readers.RemoveAt(i);
            for (int c = 0; c < callbacks.Count && !machine.IsWeak; c++)
            {
                if (callbacks[c].WaitsFor.Remove(cpu) && callbacks[c].WaitsFor.Count == 0)
                {
                    (ready ??= []).Add(callbacks[c]);
                    callbacks.RemoveAt(c--);
                }
            }
        }

        if (ready is not null)
        {
            foreach (Callback callback in ready)
            {
                callback.Function(cpu);
            }
        }
    }

    /// <summary>rcu_read_lock_held(): states that <paramref name="cpu"/> is a reader.</summary>
    /// <param name="cpu">Who must be one.</param>
    public void AssertHeld(Cpu cpu)
    {
        lock (readers)
        {
            if (IndexOf(cpu) < 0)
            {
                cpu.Fail(MachineInvariants.LockDiscipline, $"{cpu.Name} is in no RCU section where it must be");
            }
        }
    }

    /// <summary>call_rcu().</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="function">What is to be done, by whoever leaves last; it must not wait.</param>
    public void Call(Cpu cpu, Action<Cpu> function)
    {
        state.Note();
        lock (readers)
        {
            if (readers.Count != 0 || machine.IsWeak)
            {
                callbacks.Add(new Callback(function, readers.ConvertAll(static reader => reader.Cpu)));
                return;
            }
        }

        function(cpu);
    }

    /// <summary>rcu_barrier(), when nobody is inside any more: runs what is left.</summary>
    /// <param name="cpu">The caller.</param>
    public void Barrier(Cpu cpu)
    {
        List<Callback> left;
        lock (readers)
        {
            Invariant.Holds(readers.Count == 0, "who waits for RCU callbacks here is alone");
            left = [.. callbacks];
            callbacks.Clear();
        }

        foreach (Callback callback in left)
        {
            callback.Function(cpu);
        }
    }

    private int IndexOf(Cpu cpu)
    {
        for (int i = 0; i < readers.Count; i++)
        {
            if (ReferenceEquals(readers[i].Cpu, cpu))
            {
                return i;
            }
        }

        return -1;
    }

    private readonly record struct Reader(Cpu Cpu, int Depth);

    private sealed record Callback(Action<Cpu> Function, List<Cpu> WaitsFor);
}
