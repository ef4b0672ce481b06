namespace MmuStress.Mmu;

/// <summary>The guest TLB of one physical CPU: guest frames to host frames, tagged by VPID.</summary>
/// <remarks>
/// Locking: none; only the thread that runs on the CPU touches it, so it is no shared memory and a look into it is no step.
/// Differs: direct-mapped by frame number and a power of 2 in size. Entries leave it by flushing or when another needs the place, never by
/// themselves, and only a walk that the guest needs fills it: nothing is speculative.
/// </remarks>
public sealed class Tlb
{
    private readonly int size;
    private TlbEntry[] entries = []; // none until one is filled: many runs never do

    /// <summary>A TLB that holds nothing.</summary>
    /// <param name="size">How many entries it has, a power of 2.</param>
    public Tlb(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(System.Numerics.BitOperations.IsPow2(size), true, nameof(size));
        this.size = size;
    }

    /// <summary>Everything that is in it, valid or not, for checkers.</summary>
    public ReadOnlySpan<TlbEntry> Entries => entries;

    /// <summary>Looks a guest frame up.</summary>
    /// <param name="entry">What was found.</param>
    /// <returns>Whether it was there.</returns>
    public bool TryFind(ulong vpid, Gfn gfn, out TlbEntry entry)
    {
        if (entries.Length == 0)
        {
            entry = default;
            return false;
        }

        entry = At(gfn);
        return entry.Vpid == vpid && entry.Gfn == gfn;
    }

    /// <summary>Puts an entry in, over whatever was in its place.</summary>
    public void Fill(in TlbEntry entry)
    {
        if (entries.Length == 0)
        {
            entries = new TlbEntry[size];
        }

        At(entry.Gfn) = entry;
    }

    /// <summary>invtlb of one address of one VPID.</summary>
    public void Flush(ulong vpid, Gfn gfn)
    {
        if (entries.Length == 0)
        {
            return;
        }

        ref TlbEntry entry = ref At(gfn);
        if (entry.Vpid == vpid && entry.Gfn == gfn)
        {
            entry = default;
        }
    }

    /// <summary>TLBI of one VMID.</summary>
    /// <param name="vmid">The VMID.</param>
    public void FlushVmid(ulong vmid)
    {
        foreach (ref TlbEntry entry in entries.AsSpan())
        {
            if (entry.Vpid == vmid + 1)
            {
                entry = default;
            }
        }
    }

    /// <summary>TLBI by VMID, whose tag is one more.</summary>
    /// <param name="vmids">Which, by their last three bits: a bit for each remainder.</param>
    public void FlushVmids(byte vmids)
    {
        foreach (ref TlbEntry entry in entries.AsSpan())
        {
            if (entry.IsValid && ((vmids >> (int)((entry.Vpid - 1) & 7)) & 1) != 0)
            {
                entry = default;
            }
        }
    }

    /// <summary>kvm_flush_tlb_all: drops the entries of every VPID.</summary>
    public void FlushAll() => Array.Clear(entries);

    private ref TlbEntry At(Gfn gfn) => ref entries[gfn.Value & ((ulong)entries.Length - 1)];
}
