namespace MmuStress.Cli;

/// <summary>A scenario file that was written for windows of traces.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Kind">What meets what in it.</param>
/// <param name="Windows">How many windows it stands for.</param>
/// <param name="Trace">The number of the trace in which the first of them is.</param>
/// <param name="Source">Where the first of them is.</param>
internal sealed record ImportedFile(string Path, string Kind, long Windows, int Trace, string Source);
