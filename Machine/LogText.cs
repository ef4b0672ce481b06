using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>An interpolated string that is formatted only while the CPU's actions are recorded.</summary>
[InterpolatedStringHandler]
public ref struct LogText
{
    private DefaultInterpolatedStringHandler inner;

    /// <summary>Called by the compiler.</summary>
    /// <param name="literalLength">The length of the literal parts.</param>
    /// <param name="formattedCount">How many holes there are.</param>
    /// <param name="cpu">The CPU that logs.</param>
    /// <param name="isEnabled">Whether the string is wanted at all.</param>
    public LogText(int literalLength, int formattedCount, Cpu cpu, out bool isEnabled)
    {
        isEnabled = cpu.IsTracing;
        inner = isEnabled ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    /// <summary>Called by the compiler.</summary>
    /// <param name="text">A literal part.</param>
    public void AppendLiteral(string text) => inner.AppendLiteral(text);

    /// <summary>Called by the compiler.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="value">The value of a hole.</param>
    public void AppendFormatted<T>(T value) => inner.AppendFormatted(value);

    /// <summary>Called by the compiler.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="value">The value of a hole.</param>
    /// <param name="format">Its format.</param>
    public void AppendFormatted<T>(T value, string? format) => inner.AppendFormatted(value, format);

    /// <inheritdoc/>
    public override string ToString() => inner.ToStringAndClear();
}
