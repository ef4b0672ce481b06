using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>A vCPU and the CPU its thread runs on.</summary>
internal sealed record VcpuThread(Vcpu Vcpu, NativeCpu Cpu)
{
    public VcpuMode Mode => (VcpuMode)Vcpu.Mode.Peek;

    public ulong Requests => Vcpu.Requests.Peek;

    public void Enter() => Vcpu.EnterGuest(Cpu).GetResult();

    public void Leave() => Vcpu.LeaveGuest(Cpu).GetResult();

    public GuestAccess Access(ulong gfn, bool write = false, ulong value = 0) => Vcpu.Access(Cpu, new Gfn(gfn).Gpa, write, value).GetResult();

    public bool IsInterruptPending => Vcpu.IsInterruptPending(Cpu).GetResult();

    public ulong Read(ulong gfn)
    {
        GuestAccess access = Vcpu.GuestRead(Cpu, new Gfn(gfn).Gpa).GetResult();
        Assert.True(access.IsDone);
        return access.Value;
    }

    public void Write(ulong gfn, ulong value) => Assert.True(Vcpu.GuestWrite(Cpu, new Gfn(gfn).Gpa, value).GetResult().IsDone);

    public bool IsInTlb(ulong gfn) => Vcpu.HostCpu.Tlb.TryFind(Vcpu.HostCpu.GuestTag, new Gfn(gfn), out _);
}
