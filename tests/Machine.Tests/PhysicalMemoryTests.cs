namespace MmuStress.Machine.Tests;

public sealed class PhysicalMemoryTests
{
    private static readonly BlockKind Table = new("page-table page", "NoUseOfFreedTable", "NoTableLeak");

    private readonly NativeMachine machine = new(srcuShards: 1, wordsPerPage: 8);
    private readonly NativeCpu cpu;

    public PhysicalMemoryTests() => cpu = machine.AddCpu("cpu0");

    [Fact]
    public void Allocate_OfAStructure_IsZeroedAndNamed()
    {
        Block block = machine.Memory.Allocate("kvm", "seq", "in_progress");

        Assert.Equal([0UL, 0UL], block.Words);
        Assert.Equal("seq", block[0].ToString());
        Assert.Equal("in_progress", block.NameOf(1));
        Assert.Equal("array[2]", machine.Memory.Allocate("array", 3, BlockKind.Static).NameOf(2));
    }

    [Fact]
    public void Allocate_OfSeveral_NumbersThemInOrder()
    {
        int first = machine.Memory.Allocate("a", "x").Id;

        Assert.Equal(first + 1, machine.Memory.AllocatePage("page", Table).Id);
        Assert.Equal(first + 2, machine.Memory.Allocate("b", "x").Id);
    }

    [Fact]
    public void Block_OfNoWords_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => new Block(0));

    [Fact]
    public void Machine_WithPagesOfOneWord_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeMachine(srcuShards: 1, wordsPerPage: 1));

    [Fact]
    public void FreePage_OfAPage_PoisonsEveryWord()
    {
        Page page = machine.Memory.AllocatePage("pte table", Table);
        Assert.Equal(8, page.Words.Length);
        machine.Memory.FreePage(cpu, page);

        Assert.True(page.IsFreed);
        Assert.All(page.Words, w => Assert.Equal(0x6b6b6b6b6b6b6b6bUL, w));
        Assert.Null(machine.Violation);
    }

    [Fact]
    public void FreePage_Twice_IsReportedAndCountedOnce()
    {
        Page page = machine.Memory.AllocatePage("pte table", Table);
        machine.Memory.AllocatePage("pte table", Table);
        machine.Memory.FreePage(cpu, page);
        machine.Memory.FreePage(cpu, page);

        machine.AssertViolation("NoUseOfFreedTable", "pte table is freed twice");
        Assert.Equal(1, machine.Memory.AllocatedPages);
    }

    public static TheoryData<string> Uses => new("ReadOnce", "WriteOnce", "AddReturn", "HardwareRead", "Read", "Write", "Fill");

    [Theory]
    [MemberData(nameof(Uses))]
    public void Use_OfFreedMemory_IsReported(string use)
    {
        Page page = machine.Memory.AllocatePage("pte table", Table);
        machine.Memory.FreePage(cpu, page);
        Use(use, page);

        machine.AssertViolation("NoUseOfFreedTable", "cpu0 uses pte table (page-table page), which is freed");
        Assert.Same(cpu, machine.Violator);
        Assert.True(machine.IsStopping);
    }

    [Theory]
    [MemberData(nameof(Uses))]
    public void Use_OfAllocatedMemory_IsFine(string use)
    {
        Use(use, machine.Memory.AllocatePage("pte table", Table));

        Assert.Null(machine.Violation);
    }

    [Fact]
    public void FrameNumbers_OfPages_AreDistinctAndNeverZero()
    {
        List<Page> pages = Enumerable.Range(0, 200).Select(_ => machine.Memory.AllocatePage("page", Table)).ToList();

        Assert.Equal(Enumerable.Range(1, 200).Select(n => (ulong)n), pages.Select(p => p.FrameNumber));
        Assert.All(pages, p => Assert.Same(p, machine.Memory.PageAt(p.FrameNumber)));
        Assert.Null(machine.Memory.PageAt(0));
        Assert.Null(machine.Memory.PageAt(201));
        Assert.Null(machine.Memory.PageAt(ulong.MaxValue));
        Assert.Equal(200, machine.Memory.AllocatedPages);
    }

    // Free-running, the number of a freed page is used again, its object never: a stale reference still finds the freed page.
    [Fact]
    public void FrameNumber_OfAFreedPage_IsUsedAgainWithANewObject()
    {
        Page page = machine.Memory.AllocatePage("page", Table);
        machine.Memory.FreePage(cpu, page);
        Assert.Same(page, machine.Memory.PageAt(page.FrameNumber));
        Page again = machine.Memory.AllocatePage("page", Table);

        Assert.Equal(page.FrameNumber, again.FrameNumber);
        Assert.NotSame(page, again);
        Assert.False(again.IsFreed);
        Assert.Same(again, machine.Memory.PageAt(page.FrameNumber));
    }

    [Fact]
    public void Pages_OnRealThreads_HaveNumbersOfTheirOwn()
    {
        var held = new HashSet<ulong>();
        Threads.Run(machine, 4, (thread, _) =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                Page page = machine.Memory.AllocatePage("page", Table);
                lock (held)
                {
                    Assert.True(held.Add(page.FrameNumber), "a frame was handed out twice");
                }

                Assert.Same(page, machine.Memory.PageAt(page.FrameNumber));
                lock (held)
                {
                    held.Remove(page.FrameNumber);
                }

                machine.Memory.FreePage(thread, page);
            }
        });

        Assert.Equal(0, machine.Memory.AllocatedPages);
        Assert.Null(machine.Violation);
    }

    [Fact]
    public void MemoryCache_ToppedUp_HandsOutItsStock()
    {
        var cache = new MemoryCache(Table, "pte table");
        cache.TopUp(cpu, 2);
        cache.TopUp(cpu, 2);
        Assert.Equal(2, cache.Count);
        Assert.NotSame(cache.Allocate(cpu), cache.Allocate(cpu));

        Assert.Equal(0, cache.Count);
        Assert.Null(machine.Violation);
    }

    [Fact]
    public void MemoryCache_Empty_IsAnUnderrunAndAllocatesAllTheSame()
    {
        var cache = new MemoryCache(Table, "pte table");
        Page page = cache.Allocate(cpu);

        machine.AssertViolation(MachineInvariants.CacheUnderrun, "the memory cache of cpu0 is empty when a pte table is needed under a lock");
        Assert.False(page.IsFreed);
    }

    [Fact]
    public void MemoryCache_ToppedUpUnderASpinLock_SleepsInAtomicContext()
    {
        cpu.Lock(new SpinLock(machine, LockClasses.Outer)).Value();
        new MemoryCache(Table, "pte table").TopUp(cpu, 1);

        machine.AssertViolation(
            MachineInvariants.LockDiscipline, "cpu0 sleeps in kvm_mmu_topup_memory_cache in atomic context (outer_lock)");
    }

    [Fact]
    public void MemoryCache_Freed_GivesEveryPageBack()
    {
        var cache = new MemoryCache(Table, "pte table");
        cache.TopUp(cpu, 3);
        Page used = cache.Allocate(cpu);
        cache.Free(cpu);

        Assert.Equal((0, 1), (cache.Count, machine.Memory.AllocatedPages));
        Assert.False(used.IsFreed);
    }

    private void Use(string use, Page page)
    {
        switch (use)
        {
            case "ReadOnce":
                cpu.ReadOnce(page[0]).Value();
                break;
            case "WriteOnce":
                cpu.WriteOnce(page[0], 1).Value();
                break;
            case "AddReturn":
                cpu.AddReturn(page[0], 1).Value();
                break;
            case "HardwareRead":
                cpu.HardwareRead(page[0]).Value();
                break;
            case "Read":
                cpu.Read(page[0]);
                break;
            case "Write":
                cpu.Write(page[0], 1);
                break;
            default:
                cpu.Fill(page, 1);
                break;
        }
    }
}
