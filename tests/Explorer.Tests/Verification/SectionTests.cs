using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Critical sections that commute: counts worked out by hand, and programs in which something else depends on their order.</summary>
public sealed class SectionTests
{
    private static readonly RandomOp Empty = Locked(0);
    private static readonly RandomOp Reads = Locked(0, new RandomOp(RandomOpKind.PlainRead, 0));
    private static readonly RandomOp Writes = Locked(0, new RandomOp(RandomOpKind.PlainWrite, 0, 1));
    private static readonly RandomOp Step = Locked(0, new RandomOp(RandomOpKind.Read, 0));

    // 3 CPUs in any order: 3! orders of the lock, of which none matters.
    [Fact]
    public void Sections_Empty_CountOnce() => Assert.Equal((6, 1), Counts([Empty], [Empty], [Empty]));

    [Fact]
    public void Sections_OnlyReading_CountOnce() => Assert.Equal((6, 1), Counts([Reads], [Reads], [Reads]));

    // The writer before, between or after the readers: it comes before any set of them.
    [Fact]
    public void Sections_OneWriting_CountByWhoSeesIt() => Assert.Equal((6, 4), Counts([Reads], [Reads], [Writes]));

    [Fact]
    public void Sections_AllWriting_CountByTheirOrder() => Assert.Equal((6, 6), Counts([Writes], [Writes], [Writes]));

    // A section with a step of its own is not taken together.
    [Fact]
    public void Sections_WithAStep_CountByTheirOrder() => Assert.Equal((2, 2), Counts([Step], [Step]));

    [Fact]
    public void Sections_OfDifferentLocks_CountOnce() => Assert.Equal((1, 1), Counts([Locked(0)], [Locked(1)]));

    // What a CPU does after its section, without a step in between, is not part of it.
    [Fact]
    public void Section_FollowedByALook_IsSearchedRight() =>
        AssertSame([Empty, new RandomOp(RandomOpKind.Peek, 0)], [Empty, new RandomOp(RandomOpKind.PlainWrite, 0, 1)], [Empty]);

    [Fact]
    public void Section_FollowedByALookThatRaces_IsSearchedRight() =>
        AssertSame([Empty, new RandomOp(RandomOpKind.Peek, 0)], [new RandomOp(RandomOpKind.Read, 0), new RandomOp(RandomOpKind.PlainWrite, 0, 1)]);

    [Fact]
    public void Section_FollowedByAFree_IsSearchedRight() =>
        AssertSame([Empty, new RandomOp(RandomOpKind.Free, 0)], [new RandomOp(RandomOpKind.Read, 0), new RandomOp(RandomOpKind.Use, 0)]);

    [Fact]
    public void Section_FollowedByAChoice_IsSearchedRight() =>
        AssertSame([Empty, new RandomOp(RandomOpKind.Choose, 0), new RandomOp(RandomOpKind.IfEqual, 0, 1) { Body = [Writes] }], [Reads, Empty]);

    // The lock orders the plain accesses in one order of the sections only.
    [Fact]
    public void Section_BetweenPlainAccesses_DoesNotHideTheirRace() =>
        AssertSame([new RandomOp(RandomOpKind.Read, 0), new RandomOp(RandomOpKind.PlainWrite, 0, 1), Empty], [Empty, new RandomOp(RandomOpKind.PlainRead, 0)]);

    [Fact]
    public void Section_OfAReaderWriterLock_WaitsForItsReaders() =>
        AssertSame(
            [new RandomOp(RandomOpKind.LockedWrite, 0) { Body = [new RandomOp(RandomOpKind.PlainWrite, 0, 1)] }],
            [new RandomOp(RandomOpKind.LockedShared, 0) { Body = [new RandomOp(RandomOpKind.PlainRead, 0), new RandomOp(RandomOpKind.Read, 0), new RandomOp(RandomOpKind.PlainRead, 0)] }]);

    private static RandomOp Locked(int target, params RandomOp[] body) => new(RandomOpKind.Locked, target) { Body = body };

    private static (long All, long Commuting) Counts(params RandomOp[][] cpus)
    {
        var program = new RandomProgram(cpus);
        return (Searches.Reduced(program, program.Outcome, 1_000, wantsTraces: false).Executions,
            Searches.Reduced(program, program.Outcome, 1_000, wantsTraces: false, commutesSections: true).Executions);
    }

    private static void AssertSame(params RandomOp[][] cpus)
    {
        var tally = new Tally();
        Assert.Null(Comparison.Fault(new RandomProgram(cpus), 2_000, tally));
        Assert.Equal(0, tally.TooLarge);
    }
}
