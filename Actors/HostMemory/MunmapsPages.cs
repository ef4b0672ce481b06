namespace MmuStress.Actors;

/// <summary>Asks the host to unmap pages with their VMA: munmap.</summary>
/// <param name="First">The number of the first host page.</param>
/// <param name="Count">How many.</param>
public sealed record MunmapsPages(ulong First, ulong Count) : Message;
