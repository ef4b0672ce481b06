using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class VcpuRunTests
{
    public static TheoryData<string> AllMmus => [.. MmuArchitectures.OfLoongArch.Select(mmu => mmu.Name)];

    [Theory]
    [MemberData(nameof(AllMmus))]
    public void Guest_ThroughUnmapping_ReadsWhatItWroteAndThenZero(string mmu)
    {
        var vm = new VmFixture(mmu: MmuArchitectures.Find(mmu));
        VcpuThread vcpu = vm.AddVcpu();

        vcpu.Write(1, 42);
        Assert.Equal(42UL, vcpu.Read(1));
        Frame frame = vm.Mm.Memory.FrameAt(vm.Mm.Peek(Hva.OfPage(1)).Pfn);
        Assert.Equal(42UL, frame.Content.Peek);
        Assert.Equal(1UL, frame.RefCount.Peek);

        vm.Mm.Unmap(vm.Host, HvaRange.OfPages(1, 1)).GetResult();
        Assert.True(frame.IsFreed);

        Assert.Equal(0UL, vcpu.Read(1));
        vcpu.Write(1, 43);
        Assert.Equal(43UL, vm.Mm.HostRead(vm.Host, Hva.OfPage(1)).GetResult());
        Assert.Equal(VcpuMode.OutsideGuestMode, vcpu.Mode);
        vm.AssertClean();
    }

    [Theory]
    [MemberData(nameof(AllMmus))]
    public void Guest_ThroughEverythingTheHostDoes_KeepsItsMemory(string mmu)
    {
        var vm = new VmFixture(mmu: MmuArchitectures.Find(mmu));
        VcpuThread first = vm.AddVcpu();
        VcpuThread second = vm.AddVcpu();
        first.Write(4, 40);
        first.Write(5, 40);
        Assert.Equal(40UL, second.Read(4));

        Assert.True(vm.Mm.Migrate(vm.Host, Hva.OfPage(4)).GetResult());
        Assert.Equal(40UL, second.Read(4));

        Assert.True(vm.Mm.KsmMerge(vm.Host, Hva.OfPage(4), Hva.OfPage(5)).GetResult());
        Assert.Equal(40UL, second.Read(5));
        first.Write(5, 50);
        Assert.Equal(40UL, second.Read(4));
        Assert.Equal(50UL, second.Read(5));

        Assert.True(vm.Mm.ThpCollapse(vm.Host, HvaRange.OfPages(4, 4)).GetResult());
        Assert.Equal(50UL, second.Read(5));
        vm.Mm.Age(vm.Host, HvaRange.OfPages(4, 4), flush: true).GetResult();
        Assert.Equal(40UL, first.Read(4));
        Assert.True(vm.Mm.TestYoung(vm.Host, Hva.OfPage(4)).GetResult());
        Assert.True(vm.Mm.ThpSplit(vm.Host, HvaRange.OfPages(4, 4)).GetResult());

        var child = new HostMm(vm.Machine, 16, memory: vm.Mm.Memory);
        vm.Mm.Fork(vm.Host, child, HvaRange.OfPages(0, 16)).GetResult();
        first.Write(4, 41);
        Assert.Equal(41UL, second.Read(4));
        Assert.Equal(40UL, child.HostRead(vm.Host, Hva.OfPage(4)).GetResult());
        Assert.True(vm.Mm.HostWrite(vm.Host, Hva.OfPage(5), 51).GetResult());
        Assert.Equal(51UL, first.Read(5));
        vm.AssertClean();
    }

    [Fact]
    public void GuestRead_OfMemoryWithoutMemslot_EndsAsMmio()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();

        GuestAccess access = vcpu.Vcpu.GuestRead(vcpu.Cpu, new Gfn(99).Gpa).GetResult();

        Assert.Equal(GuestExit.Mmio, access.Exit);
        Assert.Equal(-Errno.EFAULT, access.Error);
        Assert.Equal(VcpuMode.OutsideGuestMode, vcpu.Mode);
        vm.AssertClean();
    }

    [Fact]
    public void GuestRead_ThatHitsTheTlb_CostsSixSteps()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();
        vcpu.Write(1, 42);
        vcpu.Read(1);
        long before = vcpu.Cpu.Accesses;

        Assert.Equal(42UL, vcpu.Read(1));

        // Interrupts off, mode, requests; the page; mode, interrupts on.
        Assert.Equal(6, vcpu.Cpu.Accesses - before);
    }

    [Fact]
    public void Access_ThatMissesTheTlb_WalksOneReadALevelAndFillsIt()
    {
        var vm = new VmFixture();
        VcpuThread first = vm.AddVcpu();
        VcpuThread second = vm.AddVcpu();
        first.Write(1, 42);
        second.Enter();
        long before = second.Cpu.Accesses;

        Assert.Equal(42UL, second.Access(1).Value);
        Assert.Equal(4, second.Cpu.Accesses - before);
        Assert.True(second.IsInTlb(1));
        Assert.Equal(42UL, second.Access(1).Value);
        Assert.Equal(5, second.Cpu.Accesses - before);

        second.Leave();
        vm.AssertClean();
    }

    [Fact]
    public void Access_ThatWritesThroughAReadOnlyEntry_Faults()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();
        vcpu.Read(1);
        vcpu.Enter();

        Assert.Equal(GuestExit.MmFault, vcpu.Access(1, write: true, value: 5).Exit);

        vcpu.Leave();
        vcpu.Write(1, 5);
        Assert.Equal(5UL, vcpu.Read(1));
    }

    [Fact]
    public void EnterGuest_ThenLeaveGuest_SwitchesModeAndAtomicContext()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();

        vcpu.Enter();
        Assert.Equal(VcpuMode.InGuestMode, vcpu.Mode);
        Assert.True(vcpu.Cpu.Held.IsAtomic);

        vcpu.Leave();
        Assert.Equal(VcpuMode.OutsideGuestMode, vcpu.Mode);
        Assert.False(vcpu.Cpu.Held.IsAtomic);
    }

    [Fact]
    public void FlushRemoteTlbs_OfAVcpuOutsideTheGuest_TakesEffectAtTheNextEntry()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();
        vcpu.Write(1, 42);
        vcpu.Read(1);
        ulong vpid = vcpu.Vcpu.Vpid;
        Assert.True(vcpu.IsInTlb(1));

        vm.Kvm.FlushRemoteTlbs(vm.Host).GetResult();
        Assert.Equal(Request.TlbFlush.Bit, vcpu.Requests);

        vcpu.Enter();
        Assert.Equal(0UL, vcpu.Requests);
        Assert.NotEqual(vpid, vcpu.Vcpu.Vpid);
        Assert.False(vcpu.IsInTlb(1));
        vcpu.Leave();
        vm.AssertClean();
    }

    [Fact]
    public async Task FlushRemoteTlbs_OfAVcpuInTheGuest_WaitsUntilItHasLeft()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();
        vcpu.Write(1, 42);
        vcpu.Enter();
        Assert.Equal(42UL, vcpu.Access(1).Value);

        var flush = Task.Run(() => vm.Kvm.FlushRemoteTlbs(vm.Host).GetResult());
        while (!vcpu.IsInterruptPending)
        {
            await Task.Yield();
        }

        Assert.Equal(VcpuMode.ExitingGuestMode, vcpu.Mode);
        Assert.False(flush.IsCompleted);
        vcpu.Leave();
        await flush;

        Assert.Equal(Request.TlbFlush.Bit, vcpu.Requests);
        vm.AssertClean();
    }

    [Fact]
    public void MakeAllCpusRequest_WithAVcpuInTheGuest_InterruptsOnlyThatOne()
    {
        var vm = new VmFixture();
        VcpuThread inside = vm.AddVcpu();
        VcpuThread outside = vm.AddVcpu();
        inside.Enter();

        Assert.True(vm.Kvm.MakeAllCpusRequest(vm.Host, Request.Unblock).GetResult());
        Assert.True(inside.IsInterruptPending);
        Assert.False(outside.IsInterruptPending);
        Assert.Equal(VcpuMode.ExitingGuestMode, inside.Mode);
        Assert.Equal(VcpuMode.OutsideGuestMode, outside.Mode);

        // It is exiting already: no second interrupt for a request that does not wait.
        Assert.False(vm.Kvm.MakeAllCpusRequest(vm.Host, Request.Unblock).GetResult());
        inside.Leave();
        Assert.False(inside.IsInterruptPending);

        outside.Enter();
        Assert.Equal(0UL, outside.Requests);
        outside.Leave();
        vm.AssertClean();
    }

    [Fact]
    public void MakeAllCpusRequest_WithMoreThan64PhysicalCpus_InterruptsTheRightOnes()
    {
        var vm = new VmFixture(new KvmParameters { PhysicalCpus = 70 });
        List<VcpuThread> vcpus = [.. Enumerable.Range(0, 70).Select(_ => vm.AddVcpu())];
        int[] inside = [0, 2, 66, 69];
        foreach (int i in inside)
        {
            vcpus[i].Enter();
        }

        Assert.True(vm.Kvm.MakeAllCpusRequest(vm.Host, Request.Unblock).GetResult());

        Assert.Equal(inside, Enumerable.Range(0, 70).Where(i => vcpus[i].IsInterruptPending));
    }

    [Fact]
    public void Kick_OfAVcpuInTheGuest_SendsAnInterruptAndDoesNotWait()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();
        vcpu.Vcpu.Kick(vm.Host).GetResult();
        Assert.False(vcpu.IsInterruptPending);

        vcpu.Enter();
        vcpu.Vcpu.Kick(vm.Host).GetResult();
        Assert.True(vcpu.IsInterruptPending);
        vcpu.Leave();
        vm.AssertClean();
    }

    [Fact]
    public void CheckRequest_OfWhatWasMade_IsTrueOnce()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();
        vcpu.Vcpu.MakeRequest(vm.Host, Request.TlbFlush).GetResult();

        Assert.False(vcpu.Vcpu.CheckRequest(vcpu.Cpu, Request.Unblock).GetResult());
        Assert.True(vcpu.Vcpu.CheckRequest(vcpu.Cpu, Request.TlbFlush).GetResult());
        Assert.False(vcpu.Vcpu.CheckRequest(vcpu.Cpu, Request.TlbFlush).GetResult());
    }

    [Fact]
    public void FlushTlbGpa_AtOnce_DropsTheAddressAndItsBuddy()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();
        foreach (ulong gfn in (ulong[])[2, 3, 4])
        {
            vcpu.Write(gfn, gfn);
            vcpu.Read(gfn);
        }

        vcpu.Vcpu.FlushTlbGpa(vcpu.Cpu, new Gfn(3).Gpa).GetResult();

        Assert.False(vcpu.IsInTlb(2));
        Assert.False(vcpu.IsInTlb(3));
        Assert.True(vcpu.IsInTlb(4));
    }

    [Fact]
    public void TlbFlushGpa_AsARequest_DropsTheAddressAtTheNextEntry()
    {
        var vm = new VmFixture();
        VcpuThread vcpu = vm.AddVcpu();
        vcpu.Write(2, 2);
        vcpu.Write(4, 4);
        vcpu.Read(2);
        vcpu.Read(4);
        ulong vpid = vcpu.Vcpu.Vpid;

        vcpu.Vcpu.FlushGpa = new Gfn(2).Gpa;
        vcpu.Vcpu.MakeRequest(vcpu.Cpu, Request.TlbFlushGpa).GetResult();
        Assert.True(vcpu.IsInTlb(2));

        vcpu.Enter();
        Assert.False(vcpu.IsInTlb(2));
        Assert.True(vcpu.IsInTlb(4));
        Assert.Equal(vpid, vcpu.Vcpu.Vpid);
        Assert.Null(vcpu.Vcpu.FlushGpa);
        Assert.Equal(0UL, vcpu.Requests);
        vcpu.Leave();
    }

    [Fact]
    public void EnterGuest_InANewRoundOfVpids_FindsAnEmptyTlb()
    {
        var vm = new VmFixture(new KvmParameters { VpidBits = 1, PhysicalCpus = 1 });
        VcpuThread vcpu = vm.AddVcpu();
        vcpu.Write(1, 42);
        vcpu.Read(1);
        Assert.Equal(1UL, vcpu.Vcpu.HostCpu.GuestTag);

        vm.Kvm.FlushRemoteTlbs(vm.Host).GetResult();
        vcpu.Enter();

        Assert.Equal(1UL, vcpu.Vcpu.HostCpu.GuestTag);
        Assert.False(vcpu.IsInTlb(1));
        vcpu.Leave();
    }
}
