namespace MmuStress.Cli;

/// <summary>Bad usage or bad input: one line on stderr, exit code 2.</summary>
/// <param name="message">What is wrong, in one line.</param>
internal sealed class UsageException(string message) : Exception(message);
