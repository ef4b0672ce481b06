namespace MmuStress.Explorer;

/// <summary>A program that knows which executions an exhaustive search had better begin with: it finds what it looks for earlier, and explores the same executions.</summary>
public interface IGuide
{
    /// <summary>Decides who goes on where the search has no reason to prefer anybody.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="candidates">Who can go on, a bit for each CPU; at least one.</param>
    /// <param name="current">Who ran last and could go on; -1 where it cannot.</param>
    /// <returns>One of the candidates.</returns>
    int Prefer(ExploredMachine machine, ulong candidates, int current);
}
