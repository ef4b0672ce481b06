using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class VcpuMigrationTests
{
    [Fact]
    public void TryMigrate_OfAPreemptibleThread_ChangesCpuAndVpidAtTheNextEntry()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu(mayMigrate: true);
        vcpu.Write(1, 42);
        vcpu.Read(1);
        HostCpu source = vm.Kvm.HostCpus[0];
        HostCpu target = vm.Kvm.HostCpus[1];
        Assert.True(vcpu.IsInTlb(1));
        Assert.Equal(0UL, vcpu.Vcpu.Cpu.Peek);

        Assert.True(vcpu.Vcpu.TryMigrate(vm.Host, target).GetResult());
        Assert.Equal(0UL, vcpu.Vcpu.Cpu.Peek);
        vcpu.Enter();

        Assert.Same(target, vcpu.Vcpu.HostCpu);
        Assert.Equal(1UL, vcpu.Vcpu.Cpu.Peek);
        Assert.Equal(target.GuestTag, vcpu.Vcpu.Vpid & 0xff);
        Assert.False(vcpu.IsInTlb(1));
        Assert.Equal(42UL, vcpu.Access(1).Value);
        vcpu.Leave();

        // Back again: the entry that was left there is not found under the new VPID.
        Assert.True(vcpu.Vcpu.TryMigrate(vm.Host, source).GetResult());
        vcpu.Enter();
        Assert.Same(source, vcpu.Vcpu.HostCpu);
        Assert.False(vcpu.IsInTlb(1));
        vcpu.Leave();
        vm.AssertClean();
    }

    [Fact]
    public void TryMigrate_OfAThreadInTheGuest_IsRefused()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu(mayMigrate: true);
        vcpu.Enter();

        Assert.False(vcpu.Vcpu.TryMigrate(vm.Host, vm.Kvm.HostCpus[1]).GetResult());

        vcpu.Leave();
        Assert.True(vcpu.Vcpu.TryMigrate(vm.Host, vm.Kvm.HostCpus[1]).GetResult());
    }

    [Fact]
    public void TryMigrate_ToAnOccupiedCpu_IsRefusedUntilItIsLeft()
    {
        var vm = new VmFixture(new KvmParameters { PhysicalCpus = 3 });
        VcpuThread first = vm.AddVcpu(mayMigrate: true);
        VcpuThread second = vm.AddVcpu(mayMigrate: true);

        Assert.False(first.Vcpu.TryMigrate(vm.Host, vm.Kvm.HostCpus[1]).GetResult());
        Assert.False(first.Vcpu.TryMigrate(vm.Host, vm.Kvm.HostCpus[0]).GetResult());
        Assert.True(second.Vcpu.TryMigrate(vm.Host, vm.Kvm.HostCpus[2]).GetResult());
        Assert.True(first.Vcpu.TryMigrate(vm.Host, vm.Kvm.HostCpus[1]).GetResult());
    }

    [Fact]
    public void FlushRemoteTlbs_AfterMigration_ReachesTheVcpuWhereItIs()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu(mayMigrate: true);
        vcpu.Write(1, 42);
        vcpu.Vcpu.TryMigrate(vm.Host, vm.Kvm.HostCpus[1]).GetResult();
        vcpu.Enter();

        vm.Kvm.MakeAllCpusRequest(vm.Host, Request.Unblock).GetResult();

        Assert.True(vm.Kvm.HostCpus[1].Interrupts.IsInterruptPending(vcpu.Cpu).GetResult());
        vcpu.Leave();
    }

    [Fact]
    public void FlushTlbGpa_AfterMigration_LeavesTheEntryOfTheCpuItWasOn()
    {
        var vm = new VmFixture(mmu: MmuArchitectures.LoongArchV20);
        VcpuThread vcpu = vm.AddVcpu(mayMigrate: true);
        vcpu.Write(1, 42);
        vcpu.Read(1);
        HostCpu source = vm.Kvm.HostCpus[0];

        vcpu.Vcpu.TryMigrate(vm.Host, vm.Kvm.HostCpus[1]).GetResult();
        vcpu.Vcpu.FlushTlbGpa(vcpu.Cpu, new Gfn(1).Gpa).GetResult();

        Assert.True(source.Tlb.TryFind(source.GuestTag, new Gfn(1), out _));
    }

    [Fact]
    public void TwoVcpus_OnOnePhysicalCpu_TakeTurnsUnderDifferentVpids()
    {
        var vm = new VmFixture(new KvmParameters { PhysicalCpus = 1 });
        VcpuThread first = vm.AddVcpu();
        VcpuThread second = vm.AddVcpu();
        HostCpu cpu = vm.Kvm.HostCpus[0];
        Assert.True(cpu.IsShared);

        first.Write(1, 42);
        Assert.Equal(42UL, first.Read(1));
        ulong gid = cpu.GuestTag;
        Assert.Equal(42UL, second.Read(1));

        Assert.NotEqual(gid, cpu.GuestTag);
        Assert.NotEqual(first.Vcpu.Vpid, second.Vcpu.Vpid);

        first.Enter();
        Assert.Equal(1, first.Cpu.Held.Count);
        first.Leave();
        Assert.Equal(0, first.Cpu.Held.Count);
        vm.AssertClean();
    }

    [Fact]
    public void FlushTlbGpa_AfterAnotherGuestEnteredThere_UsesThatGuestsGid()
    {
        var vm = new VmFixture(new KvmParameters { PhysicalCpus = 1 }, MmuArchitectures.LoongArchV20);
        VcpuThread first = vm.AddVcpu();
        VcpuThread second = vm.AddVcpu();
        first.Write(1, 42);
        first.Read(1);
        HostCpu cpu = vm.Kvm.HostCpus[0];
        ulong gid = cpu.GuestTag;
        second.Read(4);

        first.Vcpu.FlushTlbGpa(first.Cpu, new Gfn(1).Gpa).GetResult();

        Assert.True(cpu.Tlb.TryFind(gid, new Gfn(1), out _));
    }

    [Fact]
    public async Task Vcpus_WhileTheHostUnmaps_NeverUseAFreedPage()
    {
        var vm = new VmFixture(new KvmParameters { PhysicalCpus = 3, VpidBits = 2 }, MmuArchitectures.LoongArchMended);
        VcpuThread[] vcpus = [vm.AddVcpu(mayMigrate: true), vm.AddVcpu(mayMigrate: true)];
        NativeCpu balancer = vm.Machine.AddCpu("balancer");

        List<Task> tasks = [.. vcpus.Select(vcpu => Task.Run(() =>
        {
            for (ulong i = 0; i < 2000; i++)
            {
                vcpu.Vcpu.GuestWrite(vcpu.Cpu, new Gfn(i % 4).Gpa, i).GetResult();
                vcpu.Vcpu.GuestRead(vcpu.Cpu, new Gfn((i + 1) % 4).Gpa).GetResult();
            }
        }))];
        tasks.Add(Task.Run(() =>
        {
            for (ulong i = 0; i < 500; i++)
            {
                vm.Mm.Unmap(vm.Host, HvaRange.OfPages(i % 4, 1)).GetResult();
                vm.Mm.Migrate(vm.Host, Hva.OfPage((i + 1) % 4)).GetResult();
                vm.Mm.Age(vm.Host, HvaRange.OfPages(0, 4), flush: true).GetResult();
                vm.Mm.KsmMerge(vm.Host, Hva.OfPage(2), Hva.OfPage(3)).GetResult();
            }
        }));
        tasks.Add(Task.Run(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                vcpus[i & 1].Vcpu.TryMigrate(balancer, vm.Kvm.HostCpus[i % 3]).GetResult();
            }
        }));
        await Task.WhenAll(tasks);

        vm.AssertClean();
    }
}
