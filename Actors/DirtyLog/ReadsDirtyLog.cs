namespace MmuStress.Actors;

/// <summary>Asks for KVM_GET_DIRTY_LOG alone. A memslot that is not there, or does not track writes just then, reports nothing.</summary>
/// <param name="Slot">The memslot's number.</param>
public sealed record ReadsDirtyLog(int Slot) : Message;
