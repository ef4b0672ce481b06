using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>A native machine with a VM whose guest frame n is host page n, a CPU for each vCPU, and one for the host.</summary>
internal sealed class VmFixture
{
    public VmFixture(KvmParameters? parameters = null, MmuArchitecture? mmu = null, HostMmParameters? mm = null)
    {
        Host = Machine.AddCpu("host");
        Mm = new HostMm(Machine, 16, mm);
        Kvm = new Kvm(Machine, Mm, parameters ?? new KvmParameters(), mmu ?? MmuArchitectures.LoongArch);
        Assert.Equal(0, Kvm.SetMemoryRegion(Host, UserspaceMemoryRegion.OfPages(0, 0, 16, 0)).GetResult());
    }

    public NativeMachine Machine { get; } = new();

    public NativeCpu Host { get; }

    public HostMm Mm { get; }

    public Kvm Kvm { get; }

    public VcpuThread AddVcpu(bool mayMigrate = false) => new(Kvm.CreateVcpu(mayMigrate), Machine.AddCpu($"vcpu{Kvm.Vcpus.Length - 1}"));

    public VcpuThread AddVcpu(HostCpu cpu) => new(Kvm.CreateVcpu(cpu), Machine.AddCpu($"vcpu{Kvm.Vcpus.Length - 1}"));

    public void AssertClean()
    {
        Assert.Null(Machine.Violation);
        Assert.Equal(0, Host.Held.Count);
    }
}
