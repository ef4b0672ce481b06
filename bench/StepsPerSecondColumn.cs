using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <summary>Steps a second, for benchmarks whose operation is a schedule.</summary>
public sealed class StepsPerSecondColumn : IColumn
{
    public string Id => nameof(StepsPerSecondColumn);

    public string ColumnName => "Steps/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Steps a second: the mean steps of 1,000 schedules times schedules a second";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        if (summary[benchmarkCase]?.ResultStatistics is not { } statistics || SamplerOf(benchmarkCase) is not { } sampler)
        {
            return "-";
        }

        double stepsPerSchedule = sampler.Run(1_000) / 1_000.0;
        return (stepsPerSchedule * 1e9 / statistics.Mean).ToString("N0", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;

    private static Sampler? SamplerOf(BenchmarkCase benchmarkCase)
    {
        string? Parameter(string name) => benchmarkCase.Parameters.Items.FirstOrDefault(p => p.Name == name)?.Value as string;
        if (Parameter(nameof(ExplorerBenchmarks.Strategy)) is { } strategy)
        {
            return new Sampler("peer-protocol", "", strategy);
        }

        return Parameter(nameof(ScenarioBenchmarks.Scenario)) is { } scenario
            ? new Sampler(scenario, ScenarioCatalog.Find(scenario)!.HasMmu ? "loongarch-mended" : "", "random")
            : null;
    }
}
