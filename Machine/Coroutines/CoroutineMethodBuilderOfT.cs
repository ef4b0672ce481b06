using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>What the compiler builds an <c>async Coroutine&lt;T&gt;</c> method from; see <see cref="CoroutineMethodBuilder"/>.</summary>
/// <typeparam name="T">What the method returns.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct CoroutineMethodBuilder<T>
{
    private CoroutineBox<T>? box;
    private T result;

    /// <summary>The call as its caller sees it.</summary>
    public readonly Coroutine<T> Task => box is null ? new(result) : new(box);

    /// <summary>A builder for one call.</summary>
    /// <returns>The builder.</returns>
    public static CoroutineMethodBuilder<T> Create() => default;

    /// <inheritdoc cref="CoroutineMethodBuilder.Start"/>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    /// <inheritdoc cref="CoroutineMethodBuilder.SetStateMachine"/>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine) => _ = stateMachine;

    /// <summary>The method returned.</summary>
    /// <param name="value">What it returned.</param>
    public void SetResult(T value)
    {
        if (box is null)
        {
            result = value;
        }
        else
        {
            box.Result = value;
            box.SetFinished();
        }
    }

    /// <inheritdoc cref="CoroutineMethodBuilder.SetException"/>
    public void SetException(Exception exception) => (box ??= new FailedBox<T>()).SetException(exception);

    /// <inheritdoc cref="CoroutineMethodBuilder.AwaitOnCompleted"/>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.OnCompleted(BoxOf(ref stateMachine).Resume);

    /// <inheritdoc cref="CoroutineMethodBuilder.AwaitOnCompleted"/>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        StateMachineBox<T, TStateMachine>.Park(ref awaiter, BoxOf(ref stateMachine));

    private CoroutineBox<T> BoxOf<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (box is null)
        {
            var rented = StateMachineBox<T, TStateMachine>.Rent();
            box = rented;
            rented.StateMachine = stateMachine;
        }

        return box;
    }
}
