namespace MmuStress.Mmu;

/// <summary>One cached translation of a guest frame.</summary>
/// <param name="Vpid">Whose it is; 0, which no guest has, for an entry that holds nothing.</param>
/// <param name="Gfn">The guest frame.</param>
/// <param name="Frame">The host page behind it, resolved when the entry was filled.</param>
/// <param name="Writable">Whether the guest may write through it.</param>
public readonly record struct TlbEntry(ulong Vpid, Gfn Gfn, Frame? Frame, bool Writable)
{
    /// <summary>The level of the entry that it was filled from: 0 for a page, more for a block. It caches one frame in any case.</summary>
    public byte Level { get; init; }

    /// <summary>Whether it holds anything.</summary>
    public bool IsValid => Vpid != 0;

    /// <inheritdoc/>
    public override string ToString() => IsValid ? $"vpid {Vpid} gfn {Gfn} -> {Frame}{(Writable ? " rw" : " ro")}" : "none";
}
