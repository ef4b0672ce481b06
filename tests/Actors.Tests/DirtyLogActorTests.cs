using MmuStress.Mmu;

namespace MmuStress.Actors.Tests;

public sealed class DirtyLogActorTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HarvestsDirtyLog_ReportsEachWriteOnce(bool manualProtect)
    {
        var vm = new ActorFixture(new KvmParameters { ManualProtect = manualProtect }, MemslotFlags.LogDirtyPages);
        var harvester = new DirtyLogActor("harvester", vm.Kvm, bitmapWords: 1, _ => ActorFixture.Pages);
        vm.Tell(vm.Guest, new GuestWrites(new Gfn(3), 42));
        vm.Tell(vm.Guest, new GuestReads(new Gfn(4)));
        vm.Tell(harvester, new HarvestsDirtyLog(0));
        Assert.Equal([0b1000UL], harvester.LastBitmap);
        vm.Tell(harvester, new HarvestsDirtyLog(0));
        Assert.Equal([0UL], harvester.LastBitmap);
        vm.Tell(vm.Guest, new GuestWrites(new Gfn(3), 43));
        vm.Tell(harvester, new HarvestsDirtyLog(0));
        Assert.Equal([0b1000UL], harvester.LastBitmap);
    }

    [Fact]
    public void HarvestsDirtyLog_NotTracked_ThrowsUnlessItMayBeOff()
    {
        var vm = new ActorFixture();
        var harvester = new DirtyLogActor("harvester", vm.Kvm, bitmapWords: 1, _ => ActorFixture.Pages);
        Assert.Throws<InvalidOperationException>(() => harvester.Receive(vm.Cpu, new HarvestsDirtyLog(0)).GetResult());
        vm.Tell(harvester, new HarvestsDirtyLog(0, MayBeOff: true));
        Assert.Equal([0UL], harvester.LastBitmap);
    }

    [Fact]
    public void UnknownMessage_Throws()
    {
        var vm = new ActorFixture();
        vm.KnowsNo(new DirtyLogActor("harvester", vm.Kvm, bitmapWords: 1, _ => ActorFixture.Pages), new TestsPage(1));
    }
}
