namespace MmuStress.Cli.Tests;

/// <summary>The geometry of arm64-2014's tables as users choose it.</summary>
public sealed class GeometryTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("4K,39,40")]
    [InlineData("4K,48,40")]
    [InlineData("64K,42,40")]
    [InlineData("64K,48,40")]
    public void Explore_GeometryOfThePosting_Holds(string geometry) =>
        Assert.Equal(0, Cli.Run("explore", "fault-vs-invalidate", "-m", "arm64-2014", "--geometry", geometry, "-i", "300").Code);

    [Fact]
    public void Replay_OfAScheduleWithAGeometry_HasTheSame()
    {
        Assert.Equal(1, Cli.Run("explore", "fault-vs-invalidate", "-m", "arm64-2014", "--geometry", "64K,48,48", "--out", folder.Path).Code); // A14-4
        Assert.Equal(0, Cli.Run("replay", Assert.Single(folder.Files)).Code);
    }

    [Theory]
    [InlineData("16K,47,40", "pages of 16384 bytes are not supported")]
    [InlineData("4K,42,40", "42 bits of virtual address do not go with pages of 4096 bytes")]
    [InlineData("64K,42,33", "KVM_PREALLOC_LEVEL 3")]
    [InlineData("4K,39,44", "32 tables would have to be concatenated")]
    [InlineData("4K,48,52", "guest addresses of 52 bits")]
    [InlineData("4K,48", "PAGE,VA,PA")]
    [InlineData("4K,48,-40", "PAGE,VA,PA")]
    [InlineData("large", "PAGE,VA,PA")]
    public void Explore_GeometryThatThePatchDoesNotAllow_IsRefusedInOneLine(string geometry, string because)
    {
        Outcome outcome = Cli.Run("explore", "fault-vs-invalidate", "-m", "arm64-2014", "--geometry", geometry);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Contains(because, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void Explore_GeometryOnAnotherMmu_IsRefused()
    {
        Outcome outcome = Cli.Run("explore", "fault-vs-invalidate", "-m", "loongarch", "--geometry", "4K,48,40");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("--geometry is for MMU arm64-2014", outcome.Error, StringComparison.Ordinal);
    }
}
