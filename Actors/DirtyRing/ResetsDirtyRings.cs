namespace MmuStress.Actors;

/// <summary>Asks for KVM_RESET_DIRTY_RINGS, and no more.</summary>
public sealed record ResetsDirtyRings : Message;
