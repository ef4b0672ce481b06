using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>A race between a few threads of the kernel, each of which does one thing once.</summary>
/// <param name="name">Its name, of the code after the fix.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="commit">The commit that mends it.</param>
/// <param name="invariant">What is violated before it.</param>
/// <param name="isBefore">Whether the code is that before the commit.</param>
/// <param name="preemptions">How many preemptions the shortest schedule takes.</param>
/// <param name="models">The memory models under which it shows; null for all.</param>
internal abstract class LifetimeRace(string name, string summary, string commit, string invariant, bool isBefore, int preemptions = 1, string[]? models = null) : Scenario
{
    private static readonly Message[] Go = [new Begins()];

    /// <inheritdoc/>
    public sealed override string Name => isBefore ? name + "-before" : name;

    /// <inheritdoc/>
    public sealed override string Summary => isBefore ? $"the same as it was before {commit}" : summary;

    /// <inheritdoc/>
    public sealed override bool HasMmu => false;

    /// <inheritdoc/>
    public sealed override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Expectation> Expectations { get; } =
        [isBefore ? Expectation.Violated("", commit, invariant).AfterPreemptions(preemptions).Under(models ?? []) : Expectation.Held("")];

    /// <summary>Whether the code is that before the commit.</summary>
    protected bool IsBefore => isBefore;

    /// <inheritdoc/>
    public sealed override void Build(Stage stage, ScenarioParameters parameters, string mmu) => Cast(stage);

    /// <summary>Adds the threads.</summary>
    /// <param name="stage">Where.</param>
    protected abstract void Cast(Stage stage);

    /// <summary>Adds a thread.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="name">What people call it.</param>
    /// <param name="body">What it does, once.</param>
    protected static void AddThread(Stage stage, string name, Func<Cpu, Coroutine> body) => stage.Add(new Thread(name, body), Go);

    private sealed record Begins : Message;

    private sealed class Thread(string name, Func<Cpu, Coroutine> body) : Actor(name)
    {
        private bool isDone; // a soak asks again

        public override Coroutine Receive(Cpu cpu, Message message)
        {
            if (isDone)
            {
                return Coroutine.Completed;
            }

            isDone = true;
            return body(cpu);
        }
    }
}
