using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>What the compiler builds an <c>async Coroutine</c> method from.</summary>
/// <remarks>Boxes are pooled per thread and state-machine type, so that a schedule in the steady state allocates none.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct CoroutineMethodBuilder
{
    private CoroutineBox? box;

    /// <summary>The call as its caller sees it.</summary>
    public readonly Coroutine Task => new(box);

    /// <summary>A builder for one call.</summary>
    /// <returns>The builder.</returns>
    public static CoroutineMethodBuilder Create() => default;

    /// <summary>Runs the method up to its first suspension.</summary>
    /// <typeparam name="TStateMachine">The method's state machine.</typeparam>
    /// <param name="stateMachine">The state machine, still on the caller's stack.</param>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    /// <summary>Required by the compiler; boxes are never set from outside.</summary>
    /// <param name="stateMachine">Not used.</param>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine) => _ = stateMachine;

    /// <summary>The method returned.</summary>
    public readonly void SetResult() => box?.SetFinished();

    /// <summary>The method threw.</summary>
    /// <param name="exception">What it threw.</param>
    public void SetException(Exception exception) => (box ??= new FailedBox<bool>()).SetException(exception);

    /// <summary>The method awaits something that has not finished.</summary>
    /// <typeparam name="TAwaiter">What it awaits.</typeparam>
    /// <typeparam name="TStateMachine">The method's state machine.</typeparam>
    /// <param name="awaiter">What it awaits.</param>
    /// <param name="stateMachine">The state machine.</param>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.OnCompleted(BoxOf(ref stateMachine).Resume);

    /// <inheritdoc cref="AwaitOnCompleted"/>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        StateMachineBox<bool, TStateMachine>.Park(ref awaiter, BoxOf(ref stateMachine));

    private CoroutineBox BoxOf<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (box is null)
        {
            var rented = StateMachineBox<bool, TStateMachine>.Rent();
            box = rented;
            rented.StateMachine = stateMachine; // copies this builder too, which now knows its box
        }

        return box;
    }
}
