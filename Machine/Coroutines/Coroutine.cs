using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>One call of a kernel function: runs on its <see cref="Cpu"/> and can be suspended at each <c>await</c> of a <see cref="Step"/>.</summary>
/// <remarks>
/// Awaited exactly once. Free-running, every step completes synchronously and a call allocates nothing; explored, the suspended
/// state machine lives in a pooled box. There is no synchronisation context, no execution context and no thread hand-over.
/// </remarks>
[AsyncMethodBuilder(typeof(CoroutineMethodBuilder))]
public readonly struct Coroutine : ICriticalNotifyCompletion, IParkable
{
    private readonly CoroutineBox? box;

    internal Coroutine(CoroutineBox? box) => this.box = box;

    /// <summary>A call that has already returned.</summary>
    public static Coroutine Completed => default;

    /// <summary>Whether the call has returned or thrown.</summary>
    public bool IsCompleted => box is null || box.IsFinished;

    /// <summary>The coroutine is its own awaiter.</summary>
    /// <returns>This coroutine.</returns>
    public Coroutine GetAwaiter() => this;

    /// <summary>Ends the await; rethrows what the call threw.</summary>
    public void GetResult() => box?.Finish();

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => box!.Continuation = new ActionResumable(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => box!.Continuation = new ActionResumable(continuation);

    void IParkable.Park(Resumable continuation) => WhenFinished(continuation);

    /// <summary>Has <paramref name="continuation"/> run on when the call, which is suspended, has returned or thrown.</summary>
    /// <param name="continuation">Who waits; it must then call <see cref="GetResult"/>.</param>
    public void WhenFinished(Resumable continuation) => box!.Continuation = continuation;
}
