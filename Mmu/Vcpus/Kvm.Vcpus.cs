namespace MmuStress.Mmu;

/// <content>The vCPUs and the physical CPUs they run on.</content>
public sealed partial class Kvm
{
    private Vcpu[] vcpus = [];
    private HostCpu[]? hostCpus;

    /// <summary>Its vCPUs, in the order of their numbers.</summary>
    public ReadOnlySpan<Vcpu> Vcpus => vcpus;

    /// <summary>The physical CPUs of the host.</summary>
    public HostCpu[] HostCpus => hostCpus ??= CreateHostCpus();

    /// <summary>KVM_CREATE_VCPU, before any CPU runs: a vCPU whose thread is on the physical CPU of the same number, counted around.</summary>
    /// <param name="mayMigrate">Whether its thread may be moved, at the price of two more steps each time preemption is turned off and on.</param>
    /// <returns>The vCPU.</returns>
    public Vcpu CreateVcpu(bool mayMigrate = false) => CreateVcpu(HostCpus[vcpus.Length % HostCpus.Length], mayMigrate);

    /// <summary>KVM_CREATE_VCPU, before any CPU runs.</summary>
    /// <param name="hostCpu">Where its thread is; with another vCPU's thread there, they take turns.</param>
    /// <param name="mayMigrate">Whether its thread may be moved, at the price of two more steps each time preemption is turned off and on.</param>
    /// <returns>The vCPU.</returns>
    public Vcpu CreateVcpu(HostCpu hostCpu, bool mayMigrate = false)
    {
        var vcpu = new Vcpu(this, vcpus.Length, hostCpu, mayMigrate);
        vcpus = [.. vcpus, vcpu];
        return vcpu;
    }

    /// <summary>kvm_destroy_vcpus(): gives back what the vCPUs keep. None of them runs any more.</summary>
    /// <param name="cpu">The caller.</param>
    private void DestroyVcpus(Cpu cpu)
    {
        foreach (Vcpu vcpu in vcpus)
        {
            vcpu.MmuPageCache.Free(cpu);
        }

        vcpus = [];
    }

    private HostCpu[] CreateHostCpus()
    {
        var created = new HostCpu[Parameters.PhysicalCpus];
        for (int i = 0; i < created.Length; i++)
        {
            created[i] = new HostCpu(Machine, i, Parameters.VpidBits);
        }

        return created;
    }
}
