using MmuStress.Hosts;

namespace MmuStress.Scenarios.Tests;

/// <summary>Scenarios run free: checkers that are exact only when explored keep quiet.</summary>
[Collection(nameof(FreeHostTests))]
public sealed class FreeHostTests
{
    private const int Rounds = 200;

    public static TheoryData<string> Mended => Row.Where(row => row.Expectation.Holds && row.Expectation.Mmu is "loongarch-mended" or "");

    public static TheoryData<string> Posted => Row.Where(row => row.Expectation.Mmu is "loongarch-v20");

    [Theory]
    [MemberData(nameof(Mended))]
    public async Task Soak_Mended_Holds(string name)
    {
        SoakProgress progress = await SoakAsync(Row.Of(name));
        Assert.Null(progress.Violation);
        Assert.NotEqual(0, progress.Messages);
    }

    [Theory]
    [MemberData(nameof(Posted))]
    public async Task Soak_Posted_ShowsItsKnownDefectsOnly(string name)
    {
        Row row = Row.Of(name);
        SoakProgress progress = await SoakAsync(row);
        if (progress.Violation is { } violation)
        {
            Assert.True(row.KnownDefects.Contains(violation.Invariant, StringComparer.Ordinal), violation.ToString());
        }
    }

    private static Task<SoakProgress> SoakAsync(Row row) => row.With(row.Scenario.Defaults with { Vcpus = 8 }).NewFreeHost(rounds: Rounds).RunAsync(TimeSpan.FromMinutes(10));
}
