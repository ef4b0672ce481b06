namespace MmuStress.Litmus;

/// <summary>In how many of the executions that a memory model allows the condition of a test holds.</summary>
public enum Verdict
{
    /// <summary>In none.</summary>
    Never,

    /// <summary>In some.</summary>
    Sometimes,

    /// <summary>In all.</summary>
    Always,
}
