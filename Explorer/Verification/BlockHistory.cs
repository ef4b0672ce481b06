using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>The histories of a block's words and of the block as a whole.</summary>
internal sealed class BlockHistory(object owner, int length)
{
    private readonly LocationHistory?[] locations = new LocationHistory?[length + 1];

    /// <summary>The history of the word at <paramref name="index"/> of <paramref name="block"/>; of the block as a whole for -1.</summary>
    public static LocationHistory Of(Block block, int index, object owner, int cpus)
    {
        if (block.History is not BlockHistory history || !ReferenceEquals(history.Owner, owner))
        {
            block.History = history = new BlockHistory(owner, block.Words.Length);
        }

        return history.locations[index + 1] ??= new LocationHistory(owner, cpus);
    }

    private object Owner => owner;
}
