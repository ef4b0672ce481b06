using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>A method's state machine on the heap, from a pool of this thread.</summary>
/// <remarks>Steps and coroutines resume whom they suspended on the same thread; so must anything else that a coroutine awaits.</remarks>
internal sealed class StateMachineBox<T, TStateMachine> : CoroutineBox<T>
    where TStateMachine : IAsyncStateMachine
{
    private const int PoolLimit = 128;

    [ThreadStatic]
    private static Pool? pool;

    private readonly Pool home; // found without asking for the thread's
    private StateMachineBox<T, TStateMachine>? nextInPool;

    /// <summary>The suspended method.</summary>
    public TStateMachine StateMachine = default!;

    private StateMachineBox(Pool home) => this.home = home;

    public static StateMachineBox<T, TStateMachine> Rent()
    {
        Pool here = pool ??= new Pool();
        StateMachineBox<T, TStateMachine>? rented = here.First;
        if (rented is null)
        {
            return new(here);
        }

        here.First = rented.nextInPool;
        here.Count--;
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
        if (home.Count < PoolLimit)
        {
            StateMachine = default!; // or a box that waits here would keep a whole machine alive
            home.Count++;
            nextInPool = home.First;
            home.First = this;
        }
    }

    private sealed class Pool
    {
        public StateMachineBox<T, TStateMachine>? First { get; set; }

        public int Count { get; set; }
    }
}
