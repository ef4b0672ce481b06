namespace MmuStress.Mmu;

/// <summary>The statistics of a VM or a vCPU, which anybody may read while they are counted.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> Reading takes no lock and keeps nobody waiting. Each value is read whole; different values may be read at different times, so that they
/// need not agree with each other ("the consistency between all the statistics data is not guaranteed", cover letter of 2 April 2021).
/// </para>
/// Mirrors: struct kvm_vm_stat, struct kvm_vcpu_stat, kvm_vm_stats_desc[], kvm_vcpu_stats_desc[], "KVM statistics data fd-based binary interface", April 2021.
/// </remarks>
public abstract class StatBlock
{
    private readonly CounterBlock counters;

    /// <summary>Statistics, all 0.</summary>
    /// <param name="id">Whose they are: "kvm-1234/vcpu-0"; less than 48 bytes of ASCII.</param>
    /// <param name="descriptors">What is counted, in the order of the values.</param>
    private protected StatBlock(string id, IReadOnlyList<StatDescriptor> descriptors)
    {
        Id = id;
        Descriptors = descriptors;
        Words = descriptors.Sum(d => d.Size);
        counters = new CounterBlock(Words);
    }

    /// <summary>kvm->stats_id, vcpu->stats_id: whose they are.</summary>
    public string Id { get; }

    /// <summary>What is counted, in the order of the values.</summary>
    public IReadOnlyList<StatDescriptor> Descriptors { get; }

    /// <summary>How many values there are.</summary>
    public int Words { get; }

    private protected CounterBlock Counters => counters;

    /// <summary>A value, as it is now. For any thread.</summary>
    /// <param name="word">Which, counted over all statistics.</param>
    /// <returns>The value.</returns>
    public virtual ulong Read(int word) => counters.Read(word);

    /// <summary>The first value of a statistic. For any thread.</summary>
    /// <param name="name">The statistic's name.</param>
    /// <returns>The value.</returns>
    /// <exception cref="ArgumentException">There is no such statistic.</exception>
    public ulong Read(string name)
    {
        int word = 0;
        foreach (StatDescriptor descriptor in Descriptors)
        {
            if (string.Equals(descriptor.Name, name, StringComparison.Ordinal))
            {
                return Read(word);
            }

            word += descriptor.Size;
        }

        throw new ArgumentException($"there is no statistic {name}", nameof(name));
    }
}
