using System.Globalization;
using System.Numerics;

namespace MmuStress.Cli;

/// <summary>Values of options, from text.</summary>
internal static class Values
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromHours(1000);

    /// <summary>A whole number within limits.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="text">What was typed.</param>
    /// <param name="option">After which option.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be.</param>
    /// <returns>The number.</returns>
    /// <exception cref="UsageException">It is no such number.</exception>
    public static T Number<T>(string text, string option, T least, T most)
        where T : IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (T.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out T? number) && number >= least && number <= most)
        {
            return number;
        }

        string limits = most == T.MaxValue ? $"of at least {least}" : $"from {least} to {most}";
        throw new UsageException($"{option} must be a whole number {limits}, not '{text}'");
    }

    /// <summary>A size in bytes: "4K", "10M", "3G".</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="option">After which option.</param>
    /// <returns>Bytes, at least 1.</returns>
    /// <exception cref="UsageException">It is no size.</exception>
    public static long Size(string text, string option)
    {
        (string digits, double factor) = Split(text, Unit);
        if (factor > 0
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number > 0
            && number <= long.MaxValue / (long)factor)
        {
            return number * (long)factor;
        }

        throw new UsageException($"{option} must be a size such as 4K, 10M or 3G, not '{text}'");

        static double Unit(string unit) => unit switch { "" => 1, "k" => 1L << 10, "m" => 1L << 20, "g" => 1L << 30, "t" => 1L << 40, _ => -1 };
    }

    /// <summary>A time: "30s", "5m", "1h".</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="option">After which option.</param>
    /// <returns>The time, longer than zero.</returns>
    /// <exception cref="UsageException">It is no time.</exception>
    public static TimeSpan Time(string text, string option)
    {
        (string digits, double factor) = Split(text, Unit);
        if (factor > 0
            && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number > 0
            && number * factor <= LongestTime.TotalSeconds)
        {
            return TimeSpan.FromSeconds(Math.Max(number * factor, 0.001));
        }

        throw new UsageException($"{option} must be a time such as 30s, 5m or 1h, not '{text}'");

        static double Unit(string unit) => unit switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3600, _ => -1 };
    }

    /// <summary>What an exception says without the name of the parameter, which means nothing to users.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>Its message.</returns>
    public static string WithoutParameter(ArgumentException exception) => exception.Message.Split(" (Parameter '", 2)[0];

    private static (string Digits, double Factor) Split(string text, Func<string, double> unit)
    {
        int end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
        {
            end++;
        }

        return (text[..end], unit(text[end..].ToLowerInvariant()));
    }
}
