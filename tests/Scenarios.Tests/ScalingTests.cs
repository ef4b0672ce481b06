using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>Every scenario runs at every size, and finds nothing there but what is known to be wrong with the MMU.</summary>
public sealed class ScalingTests
{
    private static readonly int[] Vcpus = [1, 2, 4, 8];

    public static TheoryData<string> Rows => Row.Where(_ => true);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Explore_AnySize_FindsNothingElse(string name)
    {
        Row row = Row.Of(name);
        int index = 0;
        foreach (int vcpus in Vcpus)
        {
            for (int notifiers = 0; notifiers <= 3; notifiers++)
            {
                for (int shape = 0; shape < 8; shape += row.Expectation.Holds ? 1 : 4)
                {
                    Explore(row, index++, new ScenarioParameters
                    {
                        Vcpus = vcpus,
                        Notifiers = notifiers,
                        BytesPerVcpu = 4 * ScenarioParameters.PageSize,
                        Slots = 1 + (shape & 1),
                        Overlap = (shape & 2) == 0,
                        Backing = (shape & 4) == 0 ? "anonymous" : "shmem",
                    });
                }
            }
        }

        Assert.NotEqual(0, index);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Explore_SmallestAndOddSizes_FindsNothingElse(string name)
    {
        Row row = Row.Of(name);
        Explore(row, 1, new ScenarioParameters { Vcpus = 1, Notifiers = 1 });
        Explore(row, 2, new ScenarioParameters { Vcpus = 3, Notifiers = 1, Overlap = false });
        Explore(row, 3, new ScenarioParameters { Vcpus = 3, Notifiers = 1, Slots = 3, Overlap = false, BytesPerVcpu = 2 * ScenarioParameters.PageSize });
        Explore(row, 4, new ScenarioParameters { Vcpus = 1, Notifiers = 1, Slots = 40, BytesPerVcpu = 70 * ScenarioParameters.PageSize });
        Explore(row, 5, new ScenarioParameters { Vcpus = 1, Notifiers = 1, BytesPerVcpu = 2000 * ScenarioParameters.PageSize }, schedules: 1);
        Explore(row, 6, row.Scenario.Defaults with { Rounds = 3 });
    }

    private static void Explore(Row row, int seed, ScenarioParameters parameters, int schedules = 3)
    {
        Assert.Null(parameters.Problem());
        ExplorationResult result = row.With(parameters).Explore(new ExplorationOptions { Iterations = schedules, Seed = (ulong)seed });
        foreach (Finding finding in result.Findings)
        {
            Assert.True(row.KnownDefects.Contains(finding.Violation.Invariant, StringComparer.Ordinal), $"{parameters}: {finding.Violation}");
        }
    }
}
