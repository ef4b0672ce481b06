using System.Globalization;
using Xunit.Abstractions;

namespace MmuStress.Explorer.Tests;

/// <summary>The exhaustive search sees what plain enumeration sees, and each trace once.</summary>
/// <remarks>
/// MMU_STRESS_LONG=1 compares a million programs. MMU_STRESS_FIRST and MMU_STRESS_COUNT choose the seeds, MMU_STRESS_FAULTS after how many
/// faults to stop; each is printed as it was made and with everything left out that does not matter.
/// </remarks>
public sealed class RandomProgramTests(ITestOutputHelper output)
{
    private const long MostInterleavings = 2_000;

    private static bool IsLong => string.Equals(Environment.GetEnvironmentVariable("MMU_STRESS_LONG"), "1", StringComparison.Ordinal);

    [Fact]
    public void RandomPrograms_SearchedWithAndWithoutReduction_HaveTheSameOutcomesAndTraces()
    {
        ulong first = ulong.Parse(Environment.GetEnvironmentVariable("MMU_STRESS_FIRST") ?? "0", CultureInfo.InvariantCulture);
        ulong count = ulong.Parse(Environment.GetEnvironmentVariable("MMU_STRESS_COUNT") ?? (IsLong ? "1000000" : "4000"), CultureInfo.InvariantCulture);
        int most = int.Parse(Environment.GetEnvironmentVariable("MMU_STRESS_FAULTS") ?? "1", CultureInfo.InvariantCulture);
        var tally = new Tally();
        int faults = 0;
        for (ulong seed = first; seed < first + count; seed++)
        {
            RandomProgram program = RandomPrograms.Make(seed);
            if (Comparison.Fault(program, MostInterleavings, tally) is { } fault)
            {
                RandomProgram small = Comparison.Shrink(program, MostInterleavings);
                output.WriteLine($"seed {seed}: the search {fault}\n{program}\nshrunk: the search {Comparison.Fault(small, MostInterleavings, new Tally())}\n{small}");
                faults++;
                if (faults == most)
                {
                    break;
                }
            }
        }

        output.WriteLine(tally.ToString());
        Assert.Equal(0, faults);
        Assert.True(tally.Held > tally.TooLarge && tally.Violated > tally.TooLarge, tally.ToString());
    }
}
