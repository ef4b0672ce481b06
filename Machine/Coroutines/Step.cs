using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>One awaited operation of a <see cref="Cpu"/> on shared state: the only place where another CPU may run.</summary>
/// <remarks>
/// Free-running it holds the finished value and the await completes synchronously. Explored it holds the CPU, which either goes on
/// at once (the explorer chose it again) or is parked until the explorer chooses it.
/// </remarks>
public readonly struct Step : ICriticalNotifyCompletion
{
    private readonly Cpu? suspended;
    private readonly ulong value;

    /// <summary>An operation that has been performed.</summary>
    /// <param name="value">What it returned; 0 where it returns nothing.</param>
    public Step(ulong value)
    {
        suspended = null;
        this.value = value;
    }

    /// <summary>An operation that <paramref name="cpu"/> is about to perform.</summary>
    /// <param name="cpu">The CPU, which holds the operation.</param>
    public Step(Cpu cpu)
    {
        suspended = cpu;
        value = 0;
    }

    /// <summary>Whether the operation has been performed; explored, this is where the explorer decides who runs next.</summary>
    public bool IsCompleted => suspended is null || suspended.TryPerform();

    /// <summary>The step is its own awaiter.</summary>
    /// <returns>This step.</returns>
    public Step GetAwaiter() => this;

    /// <summary>The value the operation returned.</summary>
    /// <returns>The value; 0 where the operation returns nothing.</returns>
    public ulong GetResult() => suspended is null ? value : suspended.Result;

    /// <summary>The step, awaited for what its value means.</summary>
    /// <typeparam name="TState">What is needed to work that out.</typeparam>
    /// <typeparam name="T">What the value means.</typeparam>
    /// <param name="state">What is needed to work that out.</param>
    /// <param name="convert">Works it out; must be static, or every call allocates.</param>
    /// <returns>The step.</returns>
    public ConvertedStep<TState, T> Then<TState, T>(TState state, Func<TState, ulong, T> convert) => new(this, state, convert);

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => suspended!.Park(new ActionResumable(continuation));

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => suspended!.Park(new ActionResumable(continuation));

    internal void Park(Resumable continuation) => suspended!.Park(continuation);
}
