namespace MmuStress.Traces.Tests;

public sealed class StalenessRuleTests
{
    // gfn 0x10 to 0x12 in progress, or as host virtual addresses 0x10000 to 0x12000; the fault's other address is outside.
    [Theory]
    [InlineData(true, 0x0f, 0x11000, false)]
    [InlineData(true, 0x10, 0x1f000, true)]
    [InlineData(true, 0x11, 0x1f000, true)]
    [InlineData(true, 0x12, 0x11000, false)]
    public void Range_OfGfns_EndsBeforeItsEnd(bool byGfn, ulong gfn, ulong hva, bool isStale) =>
        Assert.Equal(isStale, StalenessRule.IsStale(Check(gfn, hva, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x12), byGfn));

    [Theory]
    [InlineData(0x11000, 0x0ffff, false)]
    [InlineData(0x1f000, 0x10000, true)]
    [InlineData(0x1f000, 0x11fff, true)]
    [InlineData(0x11000, 0x12000, false)]
    public void Range_OfAddresses_EndsBeforeItsEnd(ulong gfn, ulong hva, bool isStale) =>
        Assert.Equal(isStale, StalenessRule.IsStale(Check(gfn, hva, snapshot: 3, seq: 3, inProgress: 1, 0x10000, 0x12000), byGfn: false));

    [Theory]
    [InlineData(3, 3, 0, false)]
    [InlineData(3, 4, 0, true)]
    [InlineData(3, 4, 1, true)]
    public void Sequence_IsNotLimitedToTheRange(int snapshot, int seq, int inProgress, bool isStale) =>
        Assert.Equal(isStale, StalenessRule.IsStale(Check(0x20, 0x20000, snapshot, seq, inProgress, 0x10, 0x12), byGfn: true));

    [Fact]
    public void Range_OfWhichItIsNotKnownWhat_DecidesOnlyWhereBothAgree()
    {
        Assert.Null(StalenessRule.IsStale(Check(0x11, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x12), byGfn: null));
        Assert.False(StalenessRule.IsStale(Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x12), byGfn: null));
    }

    [Fact]
    public void Chain_OfGfns_AllowsAWiderRangeOnly()
    {
        var chain = new InvalidationChain();
        Assert.Null(chain.Begin(new TraceRecord { A = 0x10, B = 0x12, C = 3, D = 0, E = 1 }));
        Assert.Null(chain.See(Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x18)));
        Assert.NotNull(chain.See(Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x11, 0x18)));
    }

    [Fact]
    public void Chain_EndingWhatNeverBegan_IsRefused() =>
        Assert.Equal("an invalidation ends while none is in progress", new InvalidationChain().End(new TraceRecord { C = 3, D = 0 }));

    private static TraceRecord Check(ulong gfn, ulong hva, int snapshot, int seq, int inProgress, ulong start, ulong end) =>
        new() { A = gfn, B = hva, C = (ulong)snapshot, D = (ulong)seq, E = (ulong)inProgress, F = start, G = end };
}
