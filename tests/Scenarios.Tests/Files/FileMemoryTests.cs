namespace MmuStress.Scenarios.Tests;

public sealed class FileMemoryTests
{
    private const int Pages = 2000;

    [Fact]
    public void ContentOf_PagesThatAreMergedOneAfterTheOther_IsThatOfTheFirst()
    {
        FileMemory memory = Of(Enumerable.Range(0, Pages - 1).Select(i => Merge(i, i + 1)));

        Assert.All(Enumerable.Range(0, Pages), page => Assert.Equal(0UL, memory.ContentOf((ulong)page)));
    }

    // 5 gets what 4 holds; 7 and 8 get what 5 holds by then; 4 and all of them what 9 holds.
    [Fact]
    public void ContentOf_AGroupThatIsMerged_IsThatOfTheOther()
    {
        FileMemory memory = Of([Merge(4, 5), Merge(7, 8), Merge(5, 8), Merge(5, 4), Merge(9, 7)]);

        Assert.Equal([3, 9, 9, 6, 9, 9, 9], ((ulong[])[3, 4, 5, 6, 7, 8, 9]).Select(memory.ContentOf));
    }

    private static ScenarioFileOperation Merge(int page, int with) => new("merge") { Page = (ulong)page, With = (ulong)with };

    private static FileMemory Of(IEnumerable<ScenarioFileOperation> operations) => new(new ScenarioFile
    {
        Name = "merges",
        Slots = [new ScenarioFileSlot(0, 0, Pages, 0)],
        Actors = [new("host", "host", [.. operations])],
    });
}
