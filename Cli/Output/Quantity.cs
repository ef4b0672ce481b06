using System.Globalization;

namespace MmuStress.Cli;

/// <summary>Numbers as people read them.</summary>
internal static class Quantity
{
    /// <summary>A number with two digits and a unit: "950", "2.9 k", "29 M".</summary>
    /// <param name="number">The number.</param>
    /// <returns>Its text.</returns>
    public static string Of(double number)
    {
        string[] units = ["", " k", " M", " G", " T"];
        int unit = 0;
        while (number >= 999.5 && unit < units.Length - 1)
        {
            number /= 1000;
            unit++;
        }

        string format = unit == 0 || number >= 9.95 ? "0" : "0.0";
        return number.ToString(format, CultureInfo.InvariantCulture) + units[unit];
    }

    /// <summary>A number of things: "1 schedule", "100000 schedules".</summary>
    /// <param name="number">The number.</param>
    /// <param name="what">One of them.</param>
    /// <returns>Its text.</returns>
    public static string Count(long number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");

    /// <summary>A time: "1.2 s", "3 min 20 s", "2 h 5 min".</summary>
    /// <param name="seconds">The time.</param>
    /// <returns>Its text.</returns>
    public static string Time(double seconds)
    {
        if (seconds < 59.95)
        {
            return seconds.ToString(seconds < 9.995 ? "0.00" : "0.0", CultureInfo.InvariantCulture) + " s";
        }

        long whole = (long)Math.Round(seconds);
        return whole < 3600
            ? string.Create(CultureInfo.InvariantCulture, $"{whole / 60} min {whole % 60} s")
            : string.Create(CultureInfo.InvariantCulture, $"{whole / 3600} h {whole % 3600 / 60} min");
    }

    /// <summary>Things a second: "90 k schedules/s".</summary>
    /// <param name="number">How many things.</param>
    /// <param name="seconds">In which time.</param>
    /// <param name="what">The things; may be empty.</param>
    /// <returns>Its text.</returns>
    public static string Rate(double number, double seconds, string what) => $"{Of(number / Math.Max(seconds, 0.001))}{(what.Length == 0 ? "" : " ")}{what}/s";
}
