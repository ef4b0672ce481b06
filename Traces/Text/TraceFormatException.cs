namespace MmuStress.Traces;

/// <summary>The file is no trace, or a line of it is not whole.</summary>
/// <param name="message">What is wrong, in one line.</param>
public sealed class TraceFormatException(string message) : Exception(message);
