using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>Asks a vCPU for accesses of the environment's choice: each time a page of a range, read or written.</summary>
/// <param name="First">The first page.</param>
/// <param name="Pages">How many pages there are to choose from.</param>
/// <param name="Count">How many accesses.</param>
public sealed record GuestAccesses(Gfn First, int Pages, int Count) : Message;
