using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>One call of a kernel function that returns a <typeparamref name="T"/>; see <see cref="Coroutine"/>.</summary>
/// <typeparam name="T">What the function returns.</typeparam>
[AsyncMethodBuilder(typeof(CoroutineMethodBuilder<>))]
public readonly struct Coroutine<T> : ICriticalNotifyCompletion, IParkable
{
    private readonly CoroutineBox<T>? box;
    private readonly T result;

    /// <summary>A call that has already returned <paramref name="result"/>.</summary>
    /// <param name="result">What it returned.</param>
    public Coroutine(T result)
    {
        box = null;
        this.result = result;
    }

    internal Coroutine(CoroutineBox<T> box)
    {
        this.box = box;
        result = default!;
    }

    /// <summary>Whether the call has returned or thrown.</summary>
    public bool IsCompleted => box is null || box.IsFinished;

    /// <summary>The coroutine is its own awaiter.</summary>
    /// <returns>This coroutine.</returns>
    public Coroutine<T> GetAwaiter() => this;

    /// <summary>Ends the await; rethrows what the call threw.</summary>
    /// <returns>What the call returned.</returns>
    public T GetResult() => box is null ? result : box.FinishWithResult();

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => box!.Continuation = new ActionResumable(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => box!.Continuation = new ActionResumable(continuation);

    void IParkable.Park(Resumable continuation) => box!.Continuation = continuation;
}
