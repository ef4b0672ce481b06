namespace MmuStress.Mmu;

/// <summary>An entry above the last level and the page it is in, whose references it counts in.</summary>
/// <param name="Word">The entry.</param>
/// <param name="Page">virt_to_page() of it; null for a fake pgd, which is no page of its own but part of a slab.</param>
internal readonly record struct TableEntry(Word Word, Page? Page);
