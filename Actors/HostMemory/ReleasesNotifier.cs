namespace MmuStress.Actors;

/// <summary>Asks for the notifier's release callback alone, as the second of two releases that the kernel can have.</summary>
public sealed record ReleasesNotifier : Message;
