using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>A method's state machine on the heap, from a pool of this thread.</summary>
internal sealed class StateMachineBox<T, TStateMachine> : CoroutineBox<T>
    where TStateMachine : IAsyncStateMachine
{
    private const int PoolLimit = 128;

    [ThreadStatic]
    private static StateMachineBox<T, TStateMachine>? pool;

    private StateMachineBox<T, TStateMachine>? nextInPool;
    private int poolCount;

    /// <summary>The suspended method.</summary>
    public TStateMachine StateMachine = default!;

    public static StateMachineBox<T, TStateMachine> Rent()
    {
        var rented = pool;
        if (rented is null)
        {
            return new();
        }

        pool = rented.nextInPool;
        rented.nextInPool = null;
        return rented;
    }

    /// <summary>Hands the suspended method to what it awaits.</summary>
    public static void Park<TAwaiter>(ref TAwaiter awaiter, CoroutineBox box)
        where TAwaiter : ICriticalNotifyCompletion
    {
        if (typeof(TAwaiter) == typeof(Step))
        {
            Unsafe.As<TAwaiter, Step>(ref awaiter).Park(box);
        }
        else if (awaiter is IParkable)
        {
            ((IParkable)awaiter).Park(box);
        }
        else
        {
            awaiter.UnsafeOnCompleted(box.Resume);
        }
    }

    public override void Resume() => StateMachine.MoveNext();

    protected override void Recycle()
    {
        int count = pool is null ? 0 : pool.poolCount;
        if (count < PoolLimit)
        {
            poolCount = count + 1;
            nextInPool = pool;
            pool = this;
        }
    }
}
