namespace MmuStress.Explorer;

/// <summary>Who accessed a location last, in the execution that an exhaustive search is at: for each CPU and kind of access, the step.</summary>
/// <param name="owner">The search it belongs to.</param>
/// <param name="cpus">How many CPUs there are.</param>
internal sealed class LocationHistory(object owner, int cpus)
{
    /// <summary>The steps, by CPU, then kind; -1 for none.</summary>
    public int[] Last { get; } = Nothing(cpus);

    /// <summary>The search it belongs to.</summary>
    public object Owner => owner;

    /// <summary>The kinds that the location was ever accessed by, one bit each.</summary>
    public ushort Kinds { get; set; }

    /// <summary>The step, by its number, that took down an access here last.</summary>
    public int Step { get; set; }

    /// <summary>The kinds that it took down, one bit each.</summary>
    public ushort StepKinds { get; set; }

    private static int[] Nothing(int cpus)
    {
        int[] last = new int[cpus * ((int)AccessKind.Free + 1)];
        Array.Fill(last, -1);
        return last;
    }
}
