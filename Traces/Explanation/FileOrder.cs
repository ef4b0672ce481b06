using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>The order that explains most episodes: the one that the program prefers.</summary>
internal sealed class FileOrder(EpisodeProgram program) : IStrategy
{
    /// <inheritdoc/>
    public bool Begin(long index) => index == 0;

    /// <inheritdoc/>
    public int Next(ExploredMachine machine, ulong enabled, int current, bool yields) => program.Prefer(machine, enabled, current);

    /// <inheritdoc/>
    public int Choose(ExploredMachine machine, int alternatives) => 0;
}
