using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors.Tests;

public sealed class HostMemoryActorTests
{
    private readonly ActorFixture vm = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void UnmapsPages_DropsThemHereAndThere(bool mayBlock)
    {
        MapAll();
        vm.Tell(vm.Host, new UnmapsPages(2, 3, mayBlock));
        for (ulong page = 0; page < ActorFixture.Pages; page++)
        {
            bool isLeft = page is < 2 or >= 5;
            Assert.Equal((isLeft, isLeft), (vm.Pte(page).IsPresent, vm.Leaf(page).Present));
        }
    }

    [Fact]
    public void MunmapsPages_ThenMapsPages_TakesTheVmaAndGivesANewOne()
    {
        vm.Tell(vm.Host, new MunmapsPages(2, 1));
        vm.Tell(vm.Guest, new GuestReads(new Gfn(2)));
        Assert.Equal(GuestExit.Mmio, vm.Guest.LastAccess.Exit);
        vm.Tell(vm.Host, new MapsPages(2, 1));
        vm.Tell(vm.Guest, new GuestReads(new Gfn(2)));
        Assert.Equal(new GuestAccess(GuestExit.None, 0), vm.Guest.LastAccess);
    }

    [Fact]
    public void MigratesPage_MovesItToAnotherFrame()
    {
        MapAll();
        Pfn before = vm.Pte(2).Pfn;
        vm.Tell(vm.Host, new MigratesPage(2));
        Assert.NotEqual(before, vm.Pte(2).Pfn);
        Assert.Equal(2UL, vm.Content(2));
        Assert.False(vm.Leaf(2).Present);
    }

    [Fact]
    public void WritesPage_Writes()
    {
        vm.Tell(vm.Host, new WritesPage(2, 42));
        Assert.Equal(42UL, vm.Content(2));
    }

    [Fact]
    public void MergesPages_OfEqualContentOnly()
    {
        vm.Tell(vm.Host, new MergesPages(2, 3));
        Assert.NotEqual(vm.Pte(2).Pfn, vm.Pte(3).Pfn);
        vm.Tell(vm.Host, new WritesPage(3, 2));
        vm.Tell(vm.Host, new MergesPages(2, 3));
        Assert.Equal(vm.Pte(2).Pfn, vm.Pte(3).Pfn);
        Assert.False(vm.Pte(2).IsWritable);
    }

    [Fact]
    public void CollapsesPages_ThenSplitsPages_KeepsWhatIsInThem()
    {
        MapAll();
        vm.Tell(vm.Host, new CollapsesPages(2, 2));
        Assert.True(vm.Pte(2).IsHuge && vm.Pte(3).IsHuge && !vm.Pte(4).IsHuge);
        Assert.Equal((2UL, 3UL), (vm.Content(2), vm.Content(3)));
        Assert.False(vm.Leaf(2).Present || vm.Leaf(3).Present);
        vm.Tell(vm.Host, new SplitsPages(2, 2));
        Assert.False(vm.Pte(2).IsHuge || vm.Pte(3).IsHuge);
        Assert.Equal((2UL, 3UL), (vm.Content(2), vm.Content(3)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AgesPages_MakesEntriesOld(bool flush)
    {
        MapAll();
        vm.Tell(vm.Host, new AgesPages(2, 2, flush));
        Assert.Equal([true, true, false, false, true, true, true, true], Enumerable.Range(0, ActorFixture.Pages).Select(gfn => vm.Leaf((ulong)gfn).Young));
        Assert.False(vm.Pte(2).IsYoung);
        Assert.Equal(flush, vm.Vcpu.Requests.Peek == Request.TlbFlush.Bit);
    }

    [Fact]
    public void TestsPage_ChangesNothing()
    {
        MapAll();
        vm.Tell(vm.Host, new TestsPage(2));
        Assert.True(vm.Leaf(2).Young);
        Assert.True(vm.Pte(2).IsYoung);
    }

    [Fact]
    public void ReleasesNotifier_DropsAllEntriesAndNoPage()
    {
        MapAll();
        vm.Tell(vm.Host, new ReleasesNotifier());
        Assert.False(vm.Leaf(1).Present);
        Assert.True(vm.Pte(1).IsPresent);
        Assert.Equal(1 + vm.Vcpu.MmuPageCache.Count, vm.Machine.Memory.AllocatedPages);
    }

    [Fact]
    public void ReleasesMemory_DropsEverything()
    {
        MapAll();
        vm.Tell(vm.Host, new ReleasesMemory());
        Assert.False(vm.Leaf(1).Present);
        Assert.False(vm.Pte(1).IsPresent);
    }

    /// <summary>Whatever the environment chooses, the stage-2 table follows the host's, and only pages of the range change.</summary>
    [Fact]
    public void ChangesAnyPages_KeepsBothTablesTogether()
    {
        List<Pfn> before = Frames();
        for (int round = 0; round < 50; round++)
        {
            vm.Tell(vm.Guest, new GuestAccesses(new Gfn(0), ActorFixture.Pages, Count: 20));
            vm.Tell(vm.Host, new ChangesAnyPages(2, 4, Count: 20));
            for (ulong page = 0; page < ActorFixture.Pages; page++)
            {
                Assert.True(!vm.Leaf(page).Present || vm.Leaf(page).Pfn == vm.Pte(page).Pfn);
            }
        }

        List<Pfn> after = Frames();
        Assert.Equal(before.Take(2).Concat(before.Skip(6)), after.Take(2).Concat(after.Skip(6)));
        Assert.NotEqual(before, after);
    }

    /// <summary>A checker is told whose thread it is and which pages are meant, but only while the message is handled.</summary>
    [Fact]
    public void Active_IsWhatTheMessageIsAbout()
    {
        MapAll();
        var seen = new ActiveRecorder(vm.Host);
        vm.Kvm.Tracepoints = seen;
        vm.Tell(vm.Host, new UnmapsPages(2, 3));
        Assert.Equal((vm.Cpu, HvaRange.OfPages(2, 3)), seen.Last);
        Assert.Null(vm.Host.ActiveCpu);
    }

    [Fact]
    public void UnknownMessage_Throws() => vm.KnowsNo(vm.Host, new GuestReads(new Gfn(1)));

    private List<Pfn> Frames() => Enumerable.Range(0, ActorFixture.Pages).Select(page => vm.Pte((ulong)page).Pfn).ToList();

    private void MapAll()
    {
        for (ulong gfn = 0; gfn < ActorFixture.Pages; gfn++)
        {
            vm.Tell(vm.Guest, new GuestReads(new Gfn(gfn)));
        }
    }

    private sealed class ActiveRecorder(HostMemoryActor host) : IMmuTracepoints
    {
        public (Cpu? Cpu, HvaRange Range) Last { get; private set; }

        public void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte) => Last = (host.ActiveCpu, host.ActiveRange);
    }
}
