using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Notes whether anything happens that depends on the interleaving of the CPUs and not on the execution graph alone.</summary>
/// <param name="machine">The machine.</param>
internal sealed class LookObserver(ExploredMachine machine) : MemoryObserver
{
    /// <summary>Whether a checker looked at memory, or memory was given back, while CPUs ran.</summary>
    public bool HasLooked { get; private set; }

    /// <inheritdoc/>
    public override void Peeked(Block block, int index) => HasLooked |= machine.IsRunning;

    /// <inheritdoc/>
    public override void Noted(Block block, int index) => HasLooked |= machine.IsRunning;

    /// <inheritdoc/>
    public override void Freed(Block block) => HasLooked |= machine.IsRunning;
}
