namespace MmuStress.Actors;

/// <summary>What an actor can be asked to do. Each message is a record, so that it prints as what it asks for.</summary>
public abstract record Message;
