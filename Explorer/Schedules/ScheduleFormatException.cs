namespace MmuStress.Explorer;

/// <summary>A file is not a schedule, or not one that this version can read.</summary>
/// <param name="message">What is wrong with it, in one line.</param>
public sealed class ScheduleFormatException(string message) : Exception(message);
