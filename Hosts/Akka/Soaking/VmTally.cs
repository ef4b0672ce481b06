namespace MmuStress.Hosts.Akka;

/// <summary>What a VM has counted.</summary>
/// <param name="Messages">How many messages its actors have handled.</param>
/// <param name="Accesses">How many marked accesses they have performed.</param>
/// <param name="Names">What the scenario counts.</param>
/// <param name="Values">How many of each.</param>
internal sealed record VmTally(long Messages, long Accesses, IReadOnlyList<string> Names, IReadOnlyList<long> Values)
{
    /// <summary>Nothing.</summary>
    public static VmTally None { get; } = new(0, 0, [], []);

    /// <summary>Adds another VM's.</summary>
    /// <param name="other">The other.</param>
    /// <returns>The sum.</returns>
    public VmTally Plus(VmTally other)
    {
        List<string> names = Names.Union(other.Names, StringComparer.Ordinal).ToList();
        return new VmTally(Messages + other.Messages, Accesses + other.Accesses, names, names.ConvertAll(n => this[n] + other[n]));
    }

    private long this[string name]
    {
        get
        {
            for (int i = 0; i < Names.Count; i++)
            {
                if (string.Equals(Names[i], name, StringComparison.Ordinal))
                {
                    return Values[i];
                }
            }

            return 0;
        }
    }
}
