using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace MmuStress.Bench;

/// <summary>How many executions there are, for benchmarks whose operation is a search for all of them.</summary>
public sealed class ExecutionsColumn : IColumn
{
    public string Id => nameof(ExecutionsColumn);

    public string ColumnName => "Executions";

    public bool AlwaysShow => false;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 1;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Executions that the search explored, all there are up to equivalence";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        CaseOf(benchmarkCase)?.Executions.ToString("N0", CultureInfo.InvariantCulture) ?? "-";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => CaseOf(benchmarkCase) is null;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(c => CaseOf(c) is not null);

    private static VerificationCase? CaseOf(BenchmarkCase benchmarkCase) =>
        benchmarkCase.Parameters.Items.FirstOrDefault(p => p.Name == nameof(VerificationBenchmarks.Case))?.Value as VerificationCase;
}
