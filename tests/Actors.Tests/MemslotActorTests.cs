using MmuStress.Mmu;

namespace MmuStress.Actors.Tests;

public sealed class MemslotActorTests
{
    private readonly ActorFixture vm = new();

    [Fact]
    public void SetsMemslot_KeepsWhatTheIoctlReturned()
    {
        var manager = new MemslotActor("memslots", vm.Kvm);
        vm.Tell(manager, new SetsMemslot(UserspaceMemoryRegion.OfPages(1, 4, 2, 4)));
        Assert.Equal(-Errno.EEXIST, manager.LastResult);
        vm.Tell(manager, new SetsMemslot(UserspaceMemoryRegion.Deletion(0)));
        Assert.Equal(0, manager.LastResult);
        vm.Tell(manager, new SetsMemslot(UserspaceMemoryRegion.OfPages(1, 4, 2, 4)));
        Assert.Equal(0, manager.LastResult);
        Assert.Equal(1, vm.Kvm.PeekMemslot(new Gfn(4))?.Peek().Id);
        vm.KnowsNo(manager, new TestsPage(1));
    }
}
