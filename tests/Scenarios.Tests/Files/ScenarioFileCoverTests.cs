namespace MmuStress.Scenarios.Tests;

public sealed class ScenarioFileCoverTests
{
    // 1 to 4 with one inside the other, 5 to 6 next to them, 10 to 11; and 7, once it is added.
    [Theory]
    [InlineData(1, 6, null)]
    [InlineData(3, 3, null)]
    [InlineData(6, 1, null)]
    [InlineData(0, 2, 0UL)]
    [InlineData(1, 7, 7UL)]
    [InlineData(7, 1, 7UL)]
    [InlineData(6, 5, 7UL)]
    [InlineData(10, 3, 12UL)]
    [InlineData(12, 1, 12UL)]
    public void FirstOutside_OfARange_IsItsFirstNumberInNone(ulong first, ulong count, ulong? outside)
    {
        var cover = new ScenarioFileCover([(10, 2), (1, 4), (2, 1), (5, 2)]);

        Assert.Equal(outside, cover.FirstOutside(first, count));
    }

    [Fact]
    public void Add_WhereAGapWas_ClosesIt()
    {
        var cover = new ScenarioFileCover([(5, 2), (8, 1)]);
        ulong? before = cover.FirstOutside(5, 4);

        cover.Add(7, 1);

        Assert.Equal((7UL, null), (before, cover.FirstOutside(5, 4)));
    }

    [Fact]
    public void FirstOutside_OfNothing_IsTheFirstNumber() => Assert.Equal(3UL, new ScenarioFileCover([]).FirstOutside(3, 2));
}
