using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>A word that a CPU has read, or only written.</summary>
internal struct SeenWord
{
    /// <summary>The memory it is in.</summary>
    public Block Block;

    /// <summary>Its index there.</summary>
    public int Index;

    /// <summary>What it held.</summary>
    public ulong Value;

    /// <summary>Whether it was read.</summary>
    public bool IsRead;
}
