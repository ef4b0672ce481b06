using MmuStress.Mmu;

namespace MmuStress.Actors.Tests;

public sealed class VcpuActorTests
{
    private readonly ActorFixture vm = new();

    [Fact]
    public void GuestReads_ReturnsWhatIsThere()
    {
        vm.Tell(vm.Guest, new GuestReads(new Gfn(3)));
        Assert.Equal(new GuestAccess(GuestExit.None, 3), vm.Guest.LastAccess);
        Assert.False(vm.Leaf(3).Dirty);
    }

    [Fact]
    public void GuestWrites_WritesTheHostsPage()
    {
        vm.Tell(vm.Guest, new GuestWrites(new Gfn(3), 42));
        Assert.True(vm.Guest.LastAccess.IsDone);
        Assert.Equal(42UL, vm.Content(3));
        Assert.True(vm.Leaf(3).Dirty);
    }

    [Fact]
    public void GuestReads_NoMemslot_IsMmio()
    {
        vm.Tell(vm.Guest, new GuestReads(new Gfn(ActorFixture.Pages)));
        Assert.Equal((GuestExit.Mmio, -Errno.EFAULT), (vm.Guest.LastAccess.Exit, vm.Guest.LastAccess.Error));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GuestFaults_MapsWithoutAnAccess(bool write)
    {
        vm.Tell(vm.Guest, new GuestFaults(new Gfn(3), write));
        Assert.Equal((true, write, vm.Pte(3).Pfn), (vm.Leaf(3).Present, vm.Leaf(3).Dirty, vm.Leaf(3).Pfn));
        Assert.Equal(default, vm.Guest.LastAccess);
        Assert.Equal(3UL, vm.Content(3));
    }

    [Fact]
    public void GuestAccesses_StaysInItsRangeAndComesEverywhere()
    {
        vm.Tell(vm.Guest, new GuestAccesses(new Gfn(2), Pages: 3, Count: 100));
        Assert.Equal([false, false, true, true, true, false, false, false], Enumerable.Range(0, ActorFixture.Pages).Select(gfn => vm.Leaf((ulong)gfn).Present));
        for (ulong page = 2; page < 5; page++)
        {
            Assert.Equal(1UL, vm.Content(page) >> 32); // written by vCPU 0
        }
    }

    [Fact]
    public void UnknownMessage_Throws() => vm.KnowsNo(vm.Guest, new TestsPage(1));

    [Fact]
    public void Scheduler_MovesTheThread()
    {
        var scheduler = new SchedulerActor("scheduler", vm.Vcpu);
        vm.Tell(scheduler, new MigratesVcpu(1));
        vm.Tell(vm.Guest, new GuestReads(new Gfn(1)));
        Assert.Equal(1, vm.Vcpu.HostCpu.Id);
        vm.Tell(scheduler, new MigratesVcpu(0));
        vm.Tell(vm.Guest, new GuestReads(new Gfn(1)));
        Assert.Equal(0, vm.Vcpu.HostCpu.Id);
        vm.KnowsNo(scheduler, new GuestReads(new Gfn(1)));
    }
}
