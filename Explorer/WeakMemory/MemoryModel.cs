namespace MmuStress.Explorer;

/// <summary>What a read may see.</summary>
public enum MemoryModel
{
    /// <summary>Sequential consistency: the latest write.</summary>
    Sc,

    /// <summary>Total store order, as on x86: a write may reach the others after later reads of its CPU.</summary>
    Tso,

    /// <summary>The Linux kernel's memory model: nothing is ordered unless a barrier, a lock, an atomic, coherence or a dependency orders it.</summary>
    Lkmm,
}
