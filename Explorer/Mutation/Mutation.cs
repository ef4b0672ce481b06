namespace MmuStress.Explorer;

/// <summary>One synchronising operation that is left out of a run, by its site: wherever and however often it is reached.</summary>
/// <param name="File">The source file, as the compiler fills it in, without a leading slash: "Mmu/LoongArch/Merged/LoongArchMerged.cs".</param>
/// <param name="Line">The line.</param>
/// <param name="Kind">What is left out there.</param>
/// <param name="Operation">It, in the kernel's words: "spin_lock(mmu_lock)".</param>
public sealed record Mutation(string File, int Line, MutationKind Kind, string Operation)
{
    /// <summary>Properties that are not looked at meanwhile, so that a run goes on to what their violation leads to.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>The site as people write it: "Mmu/LoongArch/Merged/LoongArchMerged.cs:416".</summary>
    public string Site => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{File}:{Line}");

    /// <summary>Whether leaving it out can show under a memory model: what only orders does not where everything is ordered anyway.</summary>
    /// <param name="memory">The memory model.</param>
    /// <returns>False where it changes nothing.</returns>
    public bool IsDetectableUnder(MemoryModel memory) => Kind switch
    {
        MutationKind.ReadBarrier or MutationKind.WriteBarrier or MutationKind.Ordering or MutationKind.AtomicOrdering => memory == MemoryModel.Lkmm,
        MutationKind.FullBarrier => memory != MemoryModel.Sc,
        _ => true,
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Operation} at {Site}";

    /// <summary>Whether this is what is left out, where the compiler says <paramref name="file"/>.</summary>
    internal bool IsAt(MutationKind kind, string file, int line) =>
        line == Line && kind == Kind && file.AsSpan().TrimStart('/').SequenceEqual(File);
}
