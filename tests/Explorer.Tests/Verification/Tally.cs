namespace MmuStress.Explorer.Tests;

/// <summary>How many random programs were compared, by how it went.</summary>
internal sealed class Tally
{
    public long Held { get; set; }

    public long Violated { get; set; }

    public long TooLarge { get; set; }

    public long Interleavings { get; set; }

    public long Executions { get; set; }

    public long Blocked { get; set; }

    /// <summary>The executions where critical sections commute.</summary>
    public long Commuting { get; set; }

    public override string ToString() =>
        $"{Held} held, {Violated} violated, {TooLarge} too large; {Interleavings} interleavings, {Executions} executions ({Commuting} where sections commute), {Blocked} blocked";
}
