namespace MmuStress.Actors;

/// <summary>Has an L1 hypervisor enter its guest.</summary>
public sealed record RunsNested : Message;
