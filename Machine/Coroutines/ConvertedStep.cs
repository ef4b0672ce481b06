using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>A <see cref="Step"/> and what its value means: a coroutine of one step that needs no state machine of its own.</summary>
/// <remarks>Awaited exactly once. What the value means is worked out when the step has been performed, before the CPU comes to its next one.</remarks>
/// <typeparam name="TState">What is needed for that.</typeparam>
/// <typeparam name="T">What the value means.</typeparam>
public readonly struct ConvertedStep<TState, T> : ICriticalNotifyCompletion, IParkable
{
    private readonly Step step;
    private readonly TState state;
    private readonly Func<TState, ulong, T> convert;

    internal ConvertedStep(Step step, TState state, Func<TState, ulong, T> convert)
    {
        this.step = step;
        this.state = state;
        this.convert = convert;
    }

    /// <summary>Whether the operation has been performed; see <see cref="Step.IsCompleted"/>.</summary>
    public bool IsCompleted => step.IsCompleted;

    /// <summary>The step is its own awaiter.</summary>
    /// <returns>This step.</returns>
    public ConvertedStep<TState, T> GetAwaiter() => this;

    /// <summary>Ends the await.</summary>
    /// <returns>What the value means.</returns>
    public T GetResult() => convert(state, step.GetResult());

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => step.OnCompleted(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => step.UnsafeOnCompleted(continuation);

    void IParkable.Park(Resumable continuation) => step.Park(continuation);
}
