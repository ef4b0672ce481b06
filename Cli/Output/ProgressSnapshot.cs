using System.Globalization;

namespace MmuStress.Cli;

/// <summary>How far long work has come.</summary>
/// <param name="What">The work: "explore peer-protocol".</param>
/// <param name="Unit">What is counted: "schedules".</param>
/// <param name="Done">How many are done.</param>
/// <param name="Of">Of how many; null where only time limits the work.</param>
/// <param name="Seconds">In which time.</param>
/// <param name="Limit">For how long at most; null for no limit.</param>
/// <param name="Violations">How many violations were found; null where none is looked for.</param>
/// <param name="Fraction">An estimate of the share that is done, from 0 to 1; 0 where there is none.</param>
internal sealed record ProgressSnapshot(string What, string Unit, long Done, long? Of, double Seconds, TimeSpan? Limit, long? Violations, double Fraction = 0)
{
    /// <summary>The share that is done, from 0 to 1; 0 where that is not known.</summary>
    public double Share => Math.Clamp(Math.Max(Fraction, Math.Max(Of is { } of ? (double)Done / of : 0, Limit is { } limit ? Seconds / limit.TotalSeconds : 0)), 0, 1);

    /// <summary>One line.</summary>
    /// <returns>"explore peer-protocol: 1.2 M of 10 M schedules (12 %), 0 violations, 310 k/s, 28.0 s left".</returns>
    public override string ToString()
    {
        string of = Of is { } number ? $" of {Quantity.Of(number)}" : "";
        string share = Share > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({Math.Floor(Share * 100)} %)") : "";
        string left = Share > 0 ? $", {Quantity.Time(Seconds * (1 - Share) / Share)} left" : "";
        string violations = Violations is { } found ? ", " + Quantity.Count(found, "violation") : "";
        return $"{What}: {Quantity.Of(Done)}{of} {Unit}{share}{violations}, {Quantity.Rate(Done, Seconds, "")}{left}";
    }
}
