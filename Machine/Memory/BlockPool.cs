namespace MmuStress.Machine;

/// <summary>Blocks of one length that are handed out again in every run, in the same order.</summary>
/// <param name="length">How many words each has.</param>
internal sealed class BlockPool(int length)
{
    private readonly List<Block> blocks = [];
    private int used;

    /// <summary>The next block of this run, zeroed.</summary>
    /// <returns>The block.</returns>
    public Block Take()
    {
        if (used == blocks.Count)
        {
            blocks.Add(new Block(length));
        }

        Block block = blocks[used++];
        block.Fill(0);
        return block;
    }

    /// <summary>Begins the next run.</summary>
    public void Reset() => used = 0;
}
