using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class PageTableWalkerTests
{
    private static readonly BlockKind TableKind = new("page-table page", "NoTableUseAfterFree");

    private readonly NativeMachine machine = new(wordsPerPage: 4);
    private readonly NativeCpu cpu;
    private readonly Format format;

    public PageTableWalkerTests()
    {
        cpu = machine.AddCpu("walker");
        format = new Format(machine.Memory.AllocatePage("pgd", TableKind));
    }

    [Fact]
    public void Walk_OfAMappedFrame_ReadsOneEntryALevel()
    {
        Page pmd = Link(format.Root, 1);
        Page pte = Link(pmd, 2);
        pte[3].Initialise((7 << 8) | 1);
        long before = cpu.Accesses;

        LeafEntry leaf = PageTableWalker.Walk(cpu, format, new Gfn(0b01_10_11)).GetResult();

        Assert.Equal(new Pfn(7), leaf.Pfn);
        Assert.True(leaf.AllowsRead);
        Assert.Equal(3, cpu.Accesses - before);
    }

    [Fact]
    public void Walk_WithoutATable_FindsNothing()
    {
        Link(format.Root, 1);

        Assert.False(PageTableWalker.Walk(cpu, format, new Gfn(0b01_10_11)).GetResult().AllowsRead);
        Assert.False(PageTableWalker.Walk(cpu, format, new Gfn(0b10_10_11)).GetResult().AllowsRead);
        Assert.Null(machine.Violation);
    }

    [Fact]
    public void Walk_BeyondTheTable_FindsNothing() =>
        Assert.False(PageTableWalker.Walk(cpu, format, new Gfn(64)).GetResult().AllowsRead);

    [Fact]
    public void Walk_IntoAFreedTable_IsReported()
    {
        Page pmd = Link(format.Root, 1);
        machine.Memory.FreePage(cpu, pmd);

        PageTableWalker.Walk(cpu, format, new Gfn(0b01_10_11)).GetResult();

        Assert.Equal("NoTableUseAfterFree", machine.Violation?.Invariant);
    }

    [Fact]
    public void Walk_ThroughGarbage_IsReported()
    {
        format.Root[1].Initialise(0xdead << 8);

        PageTableWalker.Walk(cpu, format, new Gfn(0b01_10_11)).GetResult();

        Assert.Equal(PageTableWalker.NoWildTranslation, machine.Violation?.Invariant);
    }

    private Page Link(Page parent, int index)
    {
        Page table = machine.Memory.AllocatePage("table", TableKind);
        parent[index].Initialise(table.FrameNumber << 8);
        return table;
    }

    private sealed class Format(Page root) : IPageTableFormat
    {
        public PageTableGeometry Geometry { get; } = new(3, 4);

        public Page Root => root;

        public Page RootFor(Gfn gfn) => root;

        public bool TryDecodeTable(ulong entry, int level, out ulong frameNumber)
        {
            frameNumber = entry >> 8;
            return entry != 0;
        }

        public LeafEntry DecodeLeaf(ulong entry, int level, Gfn gfn) => level > 0 ? default : new((entry & 1) != 0, (entry & 1) != 0, Writable: false, Dirty: false, new Pfn(entry >> 8));
    }
}
