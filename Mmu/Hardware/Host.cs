namespace MmuStress.Mmu;

/// <summary>What all VMs of a host share: its physical CPUs, and what KVM keeps in static variables.</summary>
/// <remarks>Locking: none; everything is made before any CPU runs.</remarks>
public sealed class Host
{
    private ulong kernelPages;
    private Dictionary<Type, object>? statics; // none until one is asked for: most hosts have one VM and no static variables

    /// <summary>A host on which nothing runs yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="physicalCpus">How many physical CPUs it has.</param>
    /// <param name="tagBits">How wide the numbers are that tag TLB entries: VPIDs, VMIDs, ASIDs.</param>
    public Host(Multiprocessor machine, int physicalCpus, int tagBits)
    {
        Machine = machine;
        TagBits = tagBits;
        Cpus = new HostCpu[physicalCpus];
        for (int i = 0; i < Cpus.Length; i++)
        {
            Cpus[i] = new HostCpu(machine, i, tagBits);
        }
    }

    /// <summary>The machine.</summary>
    public Multiprocessor Machine { get; }

    /// <summary>How wide the numbers are that tag TLB entries.</summary>
    public int TagBits { get; }

    /// <summary>The physical CPUs, in the order of their numbers.</summary>
    public HostCpu[] Cpus { get; }

    /// <summary>The kernel frame of a structure that is about to be allocated, for those that the hypervisor must find.</summary>
    /// <returns>Its number, from 0.</returns>
    public ulong NextKernelPage() => kernelPages++;

    /// <summary>The static variables of one part of KVM.</summary>
    /// <typeparam name="T">The class that stands for them.</typeparam>
    /// <param name="create">Makes them, for the first VM that asks.</param>
    /// <returns>The one and only.</returns>
    public T StaticsOf<T>(Func<Host, T> create)
        where T : class
    {
        statics ??= [];
        if (!statics.TryGetValue(typeof(T), out object? found))
        {
            statics.Add(typeof(T), found = create(this));
        }

        return (T)found;
    }
}
