using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using MmuStress.Bench;

if (args is ["spurious-notifications", ..])
{
    SpuriousNotifications.Run(args.Length > 1 ? double.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 1);
    return 0;
}

if (args is ["traces", var lines, _, ..])
{
    TraceReading.Run(long.Parse(lines, System.Globalization.CultureInfo.InvariantCulture), args[2..]);
    return 0;
}

if (OptionalBenches.Run(args) is { } exitCode)
{
    return exitCode;
}

// In this process: what is measured is a library call, and BenchmarkDotNet need not know the newest SDK.
IConfig config = DefaultConfig.Instance
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddColumn(StatisticColumn.OperationsPerSecond, new StepsPerSecondColumn(), new ExecutionsColumn())
    .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(100))
    .HideColumns("Error", "StdDev", "Gen0", "Median");
BenchmarkSwitcher.FromAssembly(typeof(ExplorerBenchmarks).Assembly).Run(args, config);
return 0;
