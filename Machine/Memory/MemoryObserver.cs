namespace MmuStress.Machine;

/// <summary>Is told what happens to memory besides a CPU's operations: what a checker looks at, and what is freed.</summary>
public abstract class MemoryObserver
{
    /// <summary>A checker looked at a word.</summary>
    /// <param name="block">The memory it is in.</param>
    /// <param name="index">Its index there.</param>
    public abstract void Peeked(Block block, int index);

    /// <summary>A checker changed what it remembers, or looked at it: a word stands for it.</summary>
    /// <param name="block">The memory the word is in.</param>
    /// <param name="index">Its index there.</param>
    public abstract void Noted(Block block, int index);

    /// <summary>Memory was given back.</summary>
    /// <param name="block">The memory.</param>
    public abstract void Freed(Block block);
}
