namespace MmuStress.Mmu;

/// <summary>What a visitor is told of an entry.</summary>
/// <remarks>Mirrors: struct kvm_pgtable_visit_ctx. Differs: level 0 is the last one.</remarks>
/// <param name="Ptep">The entry.</param>
/// <param name="Table">virt_to_page() of it: the page whose references count it.</param>
/// <param name="Old">What it held when it was read.</param>
/// <param name="Data">The walker's own.</param>
/// <param name="Addr">The frame.</param>
/// <param name="Level">The level of the table it is in.</param>
/// <param name="Flags">How it is walked.</param>
internal readonly record struct VisitContext(Word Ptep, Page Table, ulong Old, WalkData Data, Gfn Addr, int Level, WalkFlags Flags)
{
    /// <summary>kvm_pgtable_walk_shared().</summary>
    public bool IsShared => (Flags & WalkFlags.Shared) != WalkFlags.None;
}
