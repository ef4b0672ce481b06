namespace MmuStress.Actors;

/// <summary>Asks the OOM reaper to give all memory of the process back, without blocking in a notifier.</summary>
public sealed record ReapsMemory : Message;
