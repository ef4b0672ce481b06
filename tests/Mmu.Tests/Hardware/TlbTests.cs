using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

public sealed class TlbTests
{
    private readonly Frame frame = new HostMemory(new NativeMachine()).Allocate();

    [Fact]
    public void TryFind_AfterFill_FindsOnlyThatVpidAndFrame()
    {
        var tlb = new Tlb(16);
        tlb.Fill(new TlbEntry(1, new Gfn(3), frame, Writable: true));

        Assert.True(tlb.TryFind(1, new Gfn(3), out TlbEntry entry));
        Assert.Same(frame, entry.Frame);
        Assert.True(entry.Writable);
        Assert.False(tlb.TryFind(2, new Gfn(3), out _));
        Assert.False(tlb.TryFind(1, new Gfn(4), out _));
        Assert.False(tlb.TryFind(1, new Gfn(19), out _));
    }

    [Fact]
    public void Fill_OfTheSamePlace_DropsWhatWasThere()
    {
        var tlb = new Tlb(16);
        tlb.Fill(new TlbEntry(1, new Gfn(3), frame, Writable: false));
        tlb.Fill(new TlbEntry(1, new Gfn(19), frame, Writable: false));

        Assert.False(tlb.TryFind(1, new Gfn(3), out _));
        Assert.True(tlb.TryFind(1, new Gfn(19), out _));
    }

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(2, 3, true)]
    [InlineData(1, 4, true)]
    [InlineData(1, 19, true)]
    public void Flush_OfOneAddress_DropsExactlyThat(ulong vpid, ulong gfn, bool remains)
    {
        var tlb = new Tlb(16);
        tlb.Fill(new TlbEntry(1, new Gfn(3), frame, Writable: false));

        tlb.Flush(vpid, new Gfn(gfn));

        Assert.Equal(remains, tlb.TryFind(1, new Gfn(3), out _));
    }

    [Fact]
    public void FlushAll_WithEntriesOfSeveralVpids_DropsThemAll()
    {
        var tlb = new Tlb(4);
        tlb.Fill(new TlbEntry(1, new Gfn(1), frame, Writable: false));
        tlb.Fill(new TlbEntry(2, new Gfn(2), frame, Writable: false));

        tlb.FlushAll();

        Assert.All(tlb.Entries.ToArray(), entry => Assert.False(entry.IsValid));
    }

    [Fact]
    public void Size_ThatIsNoPowerOfTwo_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => new Tlb(3));
}
