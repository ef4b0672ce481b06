using MmuStress.Mmu;

namespace MmuStress.Traces.Tests;

public sealed class InvalidationChainTests
{
    // gfn 0x10 to 0x12 in progress, or as host virtual addresses 0x10000 to 0x12000; the fault's other address is outside.
    [Theory]
    [InlineData(0x0f, 0x11000, false)]
    [InlineData(0x10, 0x1f000, true)]
    [InlineData(0x11, 0x1f000, true)]
    [InlineData(0x12, 0x11000, false)]
    public void Range_OfGfns_EndsBeforeItsEnd(ulong gfn, ulong hva, bool isStale) =>
        Assert.Equal(isStale, IsStale(Begin(0x10, 0x12, byGfn: true), Check(gfn, hva, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x12)));

    [Theory]
    [InlineData(0x11000, 0x0ffff, false)]
    [InlineData(0x1f000, 0x10000, true)]
    [InlineData(0x1f000, 0x11fff, true)]
    [InlineData(0x11000, 0x12000, false)]
    public void Range_OfAddresses_EndsBeforeItsEnd(ulong gfn, ulong hva, bool isStale) =>
        Assert.Equal(isStale, IsStale(Begin(0x10000, 0x12000, byGfn: false), Check(gfn, hva, snapshot: 3, seq: 3, inProgress: 1, 0x10000, 0x12000)));

    [Theory]
    [InlineData(3, 3, 0, false)]
    [InlineData(3, 4, 0, true)]
    [InlineData(3, 4, 1, true)]
    public void Sequence_IsNotLimitedToTheRange(int snapshot, int seq, int inProgress, bool isStale) =>
        Assert.Equal(isStale, IsStale(null, Check(0x20, 0x20000, snapshot, seq, inProgress, 0x10, 0x12)));

    [Fact]
    public void Range_OfWhichItIsNotKnownWhat_DecidesOnlyWhereBothAgree()
    {
        Assert.Null(IsStale(null, Check(0x11, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x12)));
        Assert.False(IsStale(null, Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x12)));
    }

    [Fact]
    public void Range_OfGfns_MayBeWiderThanThatOfTheFirstMemslot()
    {
        var chain = new InvalidationChain();
        Assert.Null(chain.Begin(Begin(0x10, 0x12, byGfn: true)));
        Assert.Null(chain.See(Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x18)));
        Assert.NotNull(chain.See(Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x11, 0x18)));
    }

    [Fact]
    public void Range_OfGfns_IsExactWhereAllFramesAreKnown()
    {
        var chain = new InvalidationChain();
        Assert.Null(chain.Begin(Begin(0x10, 0x12, byGfn: true), [(0x10, 0x12), (0x16, 0x18)]));
        TraceRecord seen = Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, 0x10, 0x18);
        Assert.NotNull(chain.See(seen with { G = 0x12 }));
        Assert.NotNull(chain.See(seen with { G = 0x19 }));
        Assert.NotNull(chain.See(seen));
        Assert.Null(chain.See(seen));
        Assert.Null(chain.Begin(Begin(0x30, 0x32, byGfn: true) with { D = 1 }));
        Assert.Null(chain.See(seen with { E = 2, G = 0x40 }));
        Assert.NotNull(chain.See(seen with { E = 2, G = 0x48 }));
    }

    [Fact]
    public void Range_AfterTheLastInvalidation_StaysAsItWas()
    {
        var chain = new InvalidationChain();
        Assert.Null(chain.Begin(Begin(0x10, 0x12, byGfn: true), [(0x10, 0x12)]));
        Assert.Null(chain.End(new TraceRecord { C = 3, D = 1 }));
        Assert.NotNull(chain.See(Check(0x20, 0x20000, snapshot: 4, seq: 4, inProgress: 0, 0x10, 0x18)));
        Assert.Null(chain.See(Check(0x20, 0x20000, snapshot: 4, seq: 4, inProgress: 0, 0x10, 0x18)));
    }

    [Fact]
    public void Range_OfTwoInProgress_IsThatOverBoth()
    {
        var chain = new InvalidationChain();
        Assert.Null(chain.Begin(Begin(0x10000, 0x12000, byGfn: false)));
        Assert.Null(chain.Begin(Begin(0x18000, 0x19000, byGfn: false) with { D = 1 }));
        TraceRecord between = Check(0x20, 0x14000, snapshot: 3, seq: 3, inProgress: 2, 0x10000, 0x19000);
        Assert.Null(chain.See(between));
        Assert.True(chain.IsStale(between));
        Assert.NotNull(chain.See(between with { G = 0x12000 }));
    }

    [Fact]
    public void End_OfWhatNeverBegan_IsRefused() =>
        Assert.Equal("an invalidation ends while none is in progress", new InvalidationChain().End(new TraceRecord { C = 3, D = 0 }));

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, true)]
    [InlineData(0, ulong.MaxValue, true)]
    [InlineData(0, 0, false)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, false)]
    [InlineData(0, ulong.MaxValue, false)]
    public void Range_OfNothingOrEverything_IsGoneOnFrom(ulong start, ulong end, bool byGfn)
    {
        var chain = new InvalidationChain();
        bool isEmpty = start >= end;
        Assert.Equal(isEmpty, chain.Begin(Begin(start, end, byGfn)) is not null);
        TraceRecord check = Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, start, end);
        chain.See(check);
        Assert.Equal(!isEmpty, chain.IsStale(check));
        Assert.Null(chain.End(new TraceRecord { C = 3, D = 1 }));
    }

    [Fact]
    public void Range_ThatNobodyAdded_IsRefused()
    {
        var chain = new InvalidationChain();
        Assert.Null(chain.Begin(Begin(0x10, 0x12, byGfn: true)));
        Assert.Equal(
            "an invalidation is in progress to which no range was added",
            chain.See(Check(0x20, 0x20000, snapshot: 3, seq: 3, inProgress: 1, Kvm.InvalidGpa, Kvm.InvalidGpa)));
    }

    // What is compared with the trace is what the model does: a VM whose sequence is only a bit wide does not pass.
    [Fact]
    public void Model_WithAnotherSequence_DoesNotConform()
    {
        Assert.Null(SecondBegin(new InvalidationChain()));
        Assert.Equal(
            "mmu_invalidate_seq is 2, but the invalidations before make it 0",
            SecondBegin(new InvalidationChain(seqBits: 1)));

        static string? SecondBegin(InvalidationChain chain)
        {
            Assert.Null(chain.Begin(Begin(0x10, 0x12, byGfn: true) with { C = 1 }));
            Assert.Null(chain.End(new TraceRecord { C = 1, D = 1 }));
            return chain.Begin(Begin(0x10, 0x12, byGfn: true) with { C = 2 });
        }
    }

    private static bool? IsStale(TraceRecord? begin, TraceRecord check)
    {
        var chain = new InvalidationChain();
        if (begin is { } first)
        {
            Assert.Null(chain.Begin(first));
        }

        Assert.Null(chain.See(check));
        return chain.IsStale(check);
    }

    private static TraceRecord Begin(ulong start, ulong end, bool byGfn) => new() { A = start, B = end, C = 3, D = 0, E = byGfn ? 1UL : 0 };

    private static TraceRecord Check(ulong gfn, ulong hva, int snapshot, int seq, int inProgress, ulong start, ulong end) =>
        new() { A = gfn, B = hva, C = (ulong)snapshot, D = (ulong)seq, E = (ulong)inProgress, F = start, G = end };
}
