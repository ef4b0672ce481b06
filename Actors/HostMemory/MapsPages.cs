namespace MmuStress.Actors;

/// <summary>Asks the host for a VMA: mmap.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many.</param>
/// <param name="Replaces">Whether it replaces what is there (MAP_FIXED), else it fails.</param>
public sealed record MapsPages(ulong First, ulong Count, bool Replaces = false) : Message;
