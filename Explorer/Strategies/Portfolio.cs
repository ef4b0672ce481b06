namespace MmuStress.Explorer;

/// <summary>The default: schedules take turns between sampling strategies, since no single one is best for every bug.</summary>
/// <param name="members">The strategies, each of which must depend on the schedule's number alone.</param>
public sealed class Portfolio(params IStrategy[] members) : IStrategy
{
    private IStrategy current = members[0];

    /// <inheritdoc/>
    public bool Begin(long index)
    {
        current = members[index % members.Length];
        return current.Begin(index);
    }

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields) => this.current.Next(machine, enabled, current, yields);

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives) => current.Choose(machine, alternatives);
}
