using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>The operation a CPU is about to perform: its kind, its location and its operands.</summary>
public struct Operation
{
    /// <summary>What it does.</summary>
    public OperationKind Kind;

    /// <summary>Where: the block; null where it touches no location.</summary>
    public Block? Block;

    /// <summary>Where: the index in the block.</summary>
    public int Index;

    /// <summary>The first operand: the value written, added, awaited or expected.</summary>
    public ulong A;

    /// <summary>The second operand: what a cmpxchg writes.</summary>
    public ulong B;

    /// <summary>The lock or SRCU domain, for the kinds that have one.</summary>
    public object? Subject;

    /// <summary>Whether it may have to wait.</summary>
    public readonly bool CanBlock => Kind >= OperationKind.Lock;

    /// <summary>Whether it may have to wait under an exhaustive search, where a retry waits for a change.</summary>
    internal readonly bool CanWait => CanBlock || Kind == OperationKind.CondResched;

    /// <summary>Whether it only reads its location.</summary>
    public readonly bool IsRead => Kind is OperationKind.ReadOnce or OperationKind.HardwareRead or OperationKind.LoadAcquire
        or OperationKind.WaitUntilEqual or OperationKind.WaitUntilNotEqual;

    /// <summary>Whether the order of this operation and <paramref name="other"/> can matter: same location, and not both reads.</summary>
    /// <param name="other">Another CPU's operation.</param>
    /// <returns>True when they conflict.</returns>
    public readonly bool ConflictsWith(in Operation other) =>
        Block is not null && ReferenceEquals(Block, other.Block) && Index == other.Index && !(IsRead && other.IsRead);

    /// <summary>What people and schedule files call it: "ReadOnce mmu_invalidate_seq".</summary>
    /// <returns>The kind, and the location where there is one.</returns>
    public override readonly string ToString() => Block is null ? Kind.ToString() : $"{Kind} {Block.NameOf(Index)}";
}
