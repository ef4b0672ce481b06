using System.Threading;
namespace MmuStress.Machine;

/// <summary>One 64-bit location of shared memory.</summary>
/// <param name="Block">The memory it is in.</param>
/// <param name="Index">Its index there.</param>
public readonly record struct Word(Block Block, int Index)
{
    /// <summary>The location's content, read by nobody: for checkers and diagrams, never for the code under test.</summary>
    public ulong Peek
    {
        get
        {
            Block.Observer?.Peeked(Block, Index);
            return Volatile.Read(ref Block.Words[Index]);
        }
    }

    /// <summary>Says that a checker uses something of its own that other steps use, too, for which this word stands: their order matters then.</summary>
    public void Note() => Block.Observer?.Noted(Block, Index);

    /// <summary>Sets the initial content, before any CPU runs.</summary>
    /// <param name="value">The content.</param>
    public void Initialise(ulong value) => Block.Words[Index] = value;

    /// <inheritdoc/>
    public override string ToString() => Block.NameOf(Index);
}
