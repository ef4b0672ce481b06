namespace MmuStress.Mmu;

/// <content>The vCPUs and the physical CPUs they run on.</content>
public sealed partial class Kvm
{
    private Vcpu[] vcpus = [];
    private Host? host;

    /// <summary>Its vCPUs, in the order of their numbers.</summary>
    public ReadOnlySpan<Vcpu> Vcpus => vcpus;

    /// <summary>Where it runs, with what it shares with other VMs.</summary>
    public Host Host => host ??= new Host(Machine, Parameters.PhysicalCpus, Parameters.VpidBits);

    /// <summary>The physical CPUs of the host.</summary>
    public HostCpu[] HostCpus => Host.Cpus;

    /// <summary>KVM_CREATE_VCPU, before any CPU runs: a vCPU whose thread is on the physical CPU of the same number, counted around.</summary>
    /// <param name="mayMigrate">Whether its thread may be moved, at the price of two more steps each time preemption is turned off and on.</param>
    /// <returns>The vCPU.</returns>
    public Vcpu CreateVcpu(bool mayMigrate = false) => CreateVcpu(HostCpus[vcpus.Length % HostCpus.Length], mayMigrate);

    /// <summary>KVM_CREATE_VCPU, before any CPU runs.</summary>
    /// <param name="hostCpu">Where its thread is; with another vCPU's thread there, they take turns.</param>
    /// <param name="mayMigrate">Whether its thread may be moved, at the price of two more steps each time preemption is turned off and on.</param>
    /// <returns>The vCPU.</returns>
    /// <exception cref="InvalidOperationException">There is no memory for it (<see cref="KvmParameters.TablePagesBeforeFailure"/>).</exception>
    public Vcpu CreateVcpu(HostCpu hostCpu, bool mayMigrate = false)
    {
        var vcpu = new Vcpu(this, vcpus.Length, hostCpu, mayMigrate);
        int error = Arch.VcpuCreate(vcpu);
        if (error != 0)
        {
            throw new InvalidOperationException($"vCPU {vcpu.Id} cannot be created: error {error}");
        }

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
}
