namespace MmuStress.Mmu;

/// <summary>What is counted of a vCPU.</summary>
/// <remarks>
/// Mirrors: of x86's struct kvm_vcpu_stat pf_taken, pf_fixed, pf_emulate and pf_fast; the other names are this model's.
/// Locking: only the vCPU's thread counts, so nothing is atomic, as in the kernel.
/// </remarks>
public sealed class VcpuStat : StatBlock
{
    private const int Taken = 0;
    private const int Fast = 1;
    private const int Fixed = 2;
    private const int Emulate = 3;
    private const int Retried = 4;
    private const int InGuestMode = 5;
    private const int Retries = 6;
    private const int RetriesBuckets = 8;

    private readonly Vcpu vcpu;

    /// <summary>The statistics of <paramref name="vcpu"/>, all 0.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="id">Whose they are: "kvm-1234/vcpu-0".</param>
    internal VcpuStat(Vcpu vcpu, string id)
        : base(id, All) => this.vcpu = vcpu;

    /// <summary>What is counted.</summary>
    public static IReadOnlyList<StatDescriptor> All { get; } =
    [
        StatDescriptor.Counter("pf_taken", "faults that were handled"),
        StatDescriptor.Counter("pf_fast", "faults for which the entry was there already"),
        StatDescriptor.Counter("pf_fixed", "faults that ended with an entry, fast ones among them"),
        StatDescriptor.Counter("pf_emulate", "faults that ended without one: MMIO, or an error"),
        StatDescriptor.Counter("pf_retried", "times that a fault started over, since an invalidation had overtaken it"),
        StatDescriptor.Boolean("in_guest_mode", "whether it is in the guest"),
        StatDescriptor.LinearHist("pf_retries_hist", RetriesBuckets, 1, "faults by how often they started over"),
    ];

    /// <inheritdoc/>
    public override ulong Read(int word) =>
        word == InGuestMode ? (vcpu.Mode.Peek == (ulong)VcpuMode.InGuestMode ? 1UL : 0) : base.Read(word);

    internal void CountFast() => Counters.AddAlone(Fast, 1);

    internal void CountHandled(int result, ulong retries)
    {
        Counters.AddAlone(Taken, 1);
        Counters.AddAlone(result == 0 ? Fixed : Emulate, 1);
        if (retries != 0)
        {
            Counters.AddAlone(Retried, retries);
        }

        Counters.AddAlone(Retries + All[Retries].BucketOf(retries), 1);
    }
}
