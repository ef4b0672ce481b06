namespace MmuStress.Explorer;

/// <summary>Some steps of one CPU in a row.</summary>
/// <param name="Cpu">The CPU's number.</param>
/// <param name="Steps">How many steps, at least 1.</param>
public readonly record struct Turn(int Cpu, int Steps)
{
    /// <summary>The turns that <paramref name="decisions"/> consist of; choices of the environment are left out.</summary>
    /// <param name="decisions">Decisions of a run.</param>
    /// <returns>The turns.</returns>
    public static List<Turn> Of(IEnumerable<ushort> decisions)
    {
        var turns = new List<Turn>();
        foreach (ushort decision in decisions)
        {
            if (decision >= 256)
            {
                continue;
            }

            if (turns.Count > 0 && turns[^1].Cpu == decision)
            {
                turns[^1] = turns[^1] with { Steps = turns[^1].Steps + 1 };
            }
            else
            {
                turns.Add(new Turn(decision, 1));
            }
        }

        return turns;
    }
}
