namespace MmuStress.Machine;

/// <summary>What a piece of memory is used for, and which invariant a misuse of its lifetime breaks.</summary>
/// <param name="Name">What it is, in the kernel's words: "page-table page", "struct vm_area_struct".</param>
/// <param name="UseAfterFree">The invariant that is violated when it is used, or freed again, after it was freed.</param>
/// <param name="Leak">The invariant that is violated when it is still allocated at the end of a run; null where it may be.</param>
public sealed record BlockKind(string Name, string UseAfterFree, string? Leak = null)
{
    /// <summary>A bit for each word whose users order their accesses themselves, so that a weak memory model finds nothing to reorder there: what a guest keeps in its memory.</summary>
    public ulong OrderedWords { get; init; }

    /// <summary>Memory that lives as long as the machine.</summary>
    public static BlockKind Static { get; } = new("static memory", MachineInvariants.NoUseAfterFree);
}
