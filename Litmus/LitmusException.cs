namespace MmuStress.Litmus;

/// <summary>A file is no litmus test, or one that cannot be decided here. The message is one line without the file's name.</summary>
public sealed class LitmusException : Exception
{
    /// <summary>A reason.</summary>
    /// <param name="line">The line of the file, from 1; 0 where there is none to name.</param>
    /// <param name="reason">What is wrong or not supported.</param>
    /// <param name="isUnsupported">Whether it may be a proper litmus test all the same.</param>
    public LitmusException(int line, string reason, bool isUnsupported)
        : base(line > 0 ? $"line {line}: {reason}" : reason) => IsUnsupported = isUnsupported;

    /// <summary>Whether it may be a proper litmus test that is beyond what is supported; otherwise it is none.</summary>
    public bool IsUnsupported { get; }

    internal static LitmusException Malformed(int line, string reason) => new(line, reason, isUnsupported: false);

    internal static LitmusException Unsupported(int line, string reason) => new(line, reason, isUnsupported: true);
}
