namespace MmuStress.Hosts;

/// <summary>A host cannot run here: a port is in use, or the machines it is to run with do not answer.</summary>
/// <param name="message">What is missing, in one line.</param>
public sealed class HostUnavailableException(string message) : Exception(message);
