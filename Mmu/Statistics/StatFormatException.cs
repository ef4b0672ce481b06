namespace MmuStress.Mmu;

/// <summary>Bytes that are no statistics.</summary>
/// <param name="message">Why not, in one line.</param>
public sealed class StatFormatException(string message) : Exception(message);
