namespace MmuStress.Mmu;

/// <summary>How an access by the guest ended, and what it read.</summary>
/// <param name="Exit">How it ended.</param>
/// <param name="Value">What it read or wrote.</param>
/// <param name="Error">What the fault handler returned, a negative error number, where it ended as MMIO.</param>
public readonly record struct GuestAccess(GuestExit Exit, ulong Value = 0, int Error = 0)
{
    /// <summary>Whether it was done.</summary>
    public bool IsDone => Exit == GuestExit.None;
}
