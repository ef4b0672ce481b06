namespace MmuStress.Scenarios.Tests;

public sealed class ScenarioParametersTests
{
    private static readonly ScenarioParameters Odd = new()
    {
        Geometry = "64K,48,40",
        Vcpus = 3,
        Notifiers = 0,
        BytesPerVcpu = 5 * ScenarioParameters.PageSize,
        Slots = 2,
        Overlap = false,
        Backing = "shmem",
        Rounds = 4,
        Without = "rmb",
        File = "{}",
    };

    [Fact]
    public void Dictionary_RoundTrips()
    {
        Assert.Equal(Odd, ScenarioParameters.FromDictionary(Odd.ToDictionary()));
        Assert.Equal(new ScenarioParameters(), ScenarioParameters.FromDictionary(new ScenarioParameters().ToDictionary()));
    }

    /// <summary>A parameter that is not saved would make a replay something else.</summary>
    [Fact]
    public void Dictionary_HoldsEverythingThatCanBeSet() =>
        Assert.Equal(typeof(ScenarioParameters).GetProperties().Count(p => p.CanWrite), Odd.ToDictionary().Count);

    [Fact]
    public void FromDictionary_SomethingMissing_Throws()
    {
        foreach (string name in Odd.ToDictionary().Keys.Except(["geometry", "file"], StringComparer.Ordinal)) // which are only there for the one MMU that has it, and for scenario files
        {
            var without = Odd.ToDictionary().Where(pair => !string.Equals(pair.Key, name, StringComparison.Ordinal)).ToDictionary();
            Assert.Throws<KeyNotFoundException>(() => ScenarioParameters.FromDictionary(without));
        }
    }

    [Theory]
    [InlineData("vcpus", "many")]
    [InlineData("notifiers", "")]
    [InlineData("bytes", "4K")]
    [InlineData("slots", "1.5")]
    [InlineData("overlap", "maybe")]
    [InlineData("rounds", "-")]
    public void FromDictionary_NoNumber_Throws(string name, string value)
    {
        var values = new Dictionary<string, string>(Odd.ToDictionary(), StringComparer.Ordinal) { [name] = value };
        Assert.Throws<FormatException>(() => ScenarioParameters.FromDictionary(values));
    }

    [Fact]
    public void Pages_AreSharedOrNot()
    {
        Assert.Equal((5, 15), (Odd.PagesPerVcpu, Odd.Pages));
        Assert.Equal(5, (Odd with { Overlap = true }).Pages);
    }

    [Fact]
    public void Problem_Fine_IsNull()
    {
        Assert.Null(Odd.Problem());
        Assert.All(ScenarioCatalog.All, scenario => Assert.Null(scenario.Defaults.Problem()));
        Assert.Null((Odd with { BytesPerVcpu = 1L << 32, Slots = 15 }).Problem());
        Assert.Null((Odd with { Slots = 15 }).Problem());
    }

    [Fact]
    public void Problem_EachMistake_IsNamed()
    {
        Assert.Equal("there must be at least 1 vCPU (-v)", (Odd with { Vcpus = 0 }).Problem());
        Assert.Equal("there cannot be fewer than 0 notifiers (-n)", (Odd with { Notifiers = -1 }).Problem());
        Assert.Equal("guest memory (-b) must be a positive multiple of 4096 bytes", (Odd with { BytesPerVcpu = 0 }).Problem());
        Assert.Equal("guest memory (-b) must be a positive multiple of 4096 bytes", (Odd with { BytesPerVcpu = 5000 }).Problem());
        Assert.Equal("guest memory (-b) is at most 4G for each vCPU", (Odd with { BytesPerVcpu = (1L << 32) + 4096 }).Problem());
        Assert.Equal("guest memory altogether (-b for each of -v) has fewer than 2^31 pages", (Odd with { BytesPerVcpu = 1L << 32, Vcpus = 2048 }).Problem());
        Assert.Null((Odd with { BytesPerVcpu = 1L << 32, Vcpus = 2047 }).Problem());
        Assert.Equal("the number of memslots (-x) must be from 1 to the number of pages", (Odd with { Slots = 0 }).Problem());
        Assert.Equal("the number of memslots (-x) must be from 1 to the number of pages", (Odd with { Slots = 16 }).Problem());
        Assert.Equal("there must be at least 1 round", (Odd with { Rounds = 0 }).Problem());
    }
}
