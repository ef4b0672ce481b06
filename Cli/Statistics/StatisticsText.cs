using System.Globalization;
using MmuStress.Mmu;
using Spectre.Console;

namespace MmuStress.Cli;

/// <summary>Statistics for people.</summary>
internal static class StatisticsText
{
    /// <summary>Prints a file as a table.</summary>
    /// <param name="file">What was read.</param>
    /// <returns>Its id, then a line for each statistic.</returns>
    public static string Of(StatFile file)
    {
        var grid = new Grid();
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(2, 0, 2, 0) });
        grid.AddColumn(new GridColumn { NoWrap = true });
        grid.AddColumn(new GridColumn { NoWrap = true });
        grid.AddColumn(new GridColumn { NoWrap = true });
        foreach (StatValue statistic in file.Statistics)
        {
            StatDescriptor descriptor = statistic.Descriptor;
            grid.AddRow(Markup.Escape(descriptor.Name), TypeOf(descriptor), UnitOf(descriptor), Markup.Escape(ValueOf(statistic)));
        }

        return $"{file.Id}\n{(file.Statistics.Count == 0 ? "" : TableText.Of(grid))}";
    }

    /// <summary>The kernel's word for what kind of number it is.</summary>
    /// <param name="descriptor">The statistic.</param>
    /// <returns>The word.</returns>
    public static string TypeOf(StatDescriptor descriptor) => descriptor.Type switch
    {
        StatType.Cumulative => "cumulative",
        StatType.Instant => "instant",
        StatType.Peak => "peak",
        StatType.LinearHist => "linear-hist",
        _ => "log-hist",
    };

    /// <summary>What a value is to be multiplied by, and what it counts: "2^12 bytes".</summary>
    /// <param name="descriptor">The statistic.</param>
    /// <returns>The unit.</returns>
    public static string UnitOf(StatDescriptor descriptor)
    {
        string factor = descriptor.Exponent == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{BaseOf(descriptor)}^{descriptor.Exponent}");
        return descriptor.Unit == StatUnit.None ? factor : $"{factor} {UnitName(descriptor)}".TrimStart();
    }

    /// <summary>The kernel's word for what it counts.</summary>
    /// <param name="descriptor">The statistic.</param>
    /// <returns>The word.</returns>
    public static string UnitName(StatDescriptor descriptor) => descriptor.Unit switch
    {
        StatUnit.None => "none",
        StatUnit.Bytes => "bytes",
        StatUnit.Seconds => "seconds",
        StatUnit.Cycles => "cycles",
        _ => "boolean",
    };

    /// <summary>The base of the power it is to be multiplied by.</summary>
    /// <param name="descriptor">The statistic.</param>
    /// <returns>2 or 10.</returns>
    public static int BaseOf(StatDescriptor descriptor) => descriptor.Base == StatBase.Pow2 ? 2 : 10;

    private static string ValueOf(StatValue statistic)
    {
        if (!statistic.Descriptor.IsHistogram)
        {
            return Number(statistic.Values[0]);
        }

        IEnumerable<string> filled = Enumerable.Range(0, statistic.Values.Count).Where(i => statistic.Values[i] != 0).Select(i => $"{Range(statistic.Descriptor, i)} {Number(statistic.Values[i])}");
        return string.Join("   ", filled) is { Length: > 0 } text ? text : "empty";
    }

    private static string Range(StatDescriptor descriptor, int bucket) =>
        bucket == descriptor.Size - 1
            ? $"[{Number(descriptor.StartOf(bucket))}, ...)"
            : $"[{Number(descriptor.StartOf(bucket))}, {Number(descriptor.StartOf(bucket + 1))})";

    private static string Number(UInt128 number) => number.ToString(CultureInfo.InvariantCulture);
}
