namespace MmuStress.Scenarios;

/// <summary>The version of this tool, as schedule files and reports state it.</summary>
public static class ToolVersion
{
    /// <summary>The version.</summary>
    public static string Text { get; } = typeof(ToolVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
