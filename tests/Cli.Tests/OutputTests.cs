namespace MmuStress.Cli.Tests;

public sealed class OutputTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(999, "999")]
    [InlineData(1000, "1.0 k")]
    [InlineData(9_949, "9.9 k")]
    [InlineData(9_960, "10 k")]
    [InlineData(999_499, "999 k")]
    [InlineData(999_600, "1.0 M")]
    [InlineData(2_900_000, "2.9 M")]
    [InlineData(5e15, "5000 T")]
    public void Quantity_IsTwoDigitsAndAUnit(double number, string text) => Assert.Equal(text, Quantity.Of(number));

    [Theory]
    [InlineData(0.123, "0.12 s")]
    [InlineData(59.94, "59.9 s")]
    [InlineData(59.96, "1 min 0 s")]
    [InlineData(3599, "59 min 59 s")]
    [InlineData(7500, "2 h 5 min")]
    public void Time_IsReadable(double seconds, string text) => Assert.Equal(text, Quantity.Time(seconds));

    [Fact]
    public void Progress_Counted_SaysHowMuchIsLeft() => Assert.Equal(
        "explore x: 2.5 M of 10 M schedules (25 %), 1 violation, 250 k/s, 30.0 s left",
        new ProgressSnapshot("explore x", "schedules", 2_500_000, 10_000_000, 10, null, 1).ToString());

    [Fact]
    public void Progress_Timed_SaysHowMuchIsLeft() => Assert.Equal(
        "soak x: 300 M accesses (75 %), 0 violations, 40 M/s, 2.50 s left",
        new ProgressSnapshot("soak x", "accesses", 300_000_000, null, 7.5, TimeSpan.FromSeconds(10), 0).ToString());

    [Fact]
    public void Progress_Unlimited_SaysHowFast() =>
        Assert.Equal("shrink: 20 k runs, 10 k/s", new ProgressSnapshot("shrink", "runs", 20_000, null, 2, null, null).ToString());

    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("4K", 4096)]
    [InlineData("10M", 10L << 20)]
    [InlineData("3G", 3L << 30)]
    [InlineData("1t", 1L << 40)]
    public void Size_IsRead(string text, long bytes) => Assert.Equal(bytes, Values.Size(text, "-b"));

    [Theory]
    [InlineData("250ms", 0.25)]
    [InlineData("30s", 30)]
    [InlineData("1.5m", 90)]
    [InlineData("1h", 3600)]
    public void Time_IsRead(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Values.Time(text, "--time"));

    [Theory]
    [InlineData("exlpore", "explore")]
    [InlineData("REPLAY", "replay")]
    [InlineData("expl", "explore")]
    [InlineData("verify", null)]
    [InlineData("-i", null)]
    [InlineData("", null)]
    public void Nearest_IsFoundWithinHalf(string name, string? nearest) => Assert.Equal(nearest, Nearest.To(name, ["explore", "replay", "shrink"]));

    [Fact]
    public void JUnit_ControlCharacters_AreReplaced()
    {
        using var folder = new TemporaryFolder();
        JUnitReport.Write(folder.Of("a.xml"), "s", [new JUnitCase("g", "n", 1, "bell \u0007 & <x>", "text \u0000")]);
        var failure = System.Xml.Linq.XDocument.Load(folder.Of("a.xml")).Descendants("failure").Single();
        Assert.Equal(("bell ? & <x>", "text ?"), (failure.Attribute("message")!.Value, failure.Value));
    }
}
