using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>What a CPU has read and written since its last retry: a retry that would read the same waits.</summary>
internal sealed class SeenWords
{
    private SeenWord[] words = new SeenWord[64];

    /// <summary>How many have been taken down.</summary>
    public int Count { get; private set; }

    /// <summary>The word with number <paramref name="i"/>.</summary>
    public ref readonly SeenWord this[int i] => ref words[i];

    /// <summary>Forgets all.</summary>
    public void Clear() => Count = 0;

    /// <summary>Takes down a read, or what a write left.</summary>
    public void Add(Block block, int index, ulong value, bool isRead)
    {
        if (Count == words.Length)
        {
            Array.Resize(ref words, Count * 2);
        }

        Set(Count++, block, index, value, isRead);
    }

    /// <summary>Keeps only words that were read, each once, with what it held when it was last read or written.</summary>
    public void SumUp()
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            SeenWord word = words[i];
            int known = 0;
            while (known < kept && (words[known].Index != word.Index || !ReferenceEquals(words[known].Block, word.Block)))
            {
                known++;
            }

            if (known < kept || word.IsRead)
            {
                Set(known, word.Block, word.Index, word.Value, isRead: true);
                kept = Math.Max(kept, known + 1);
            }
        }

        Count = kept;
    }

    /// <summary>Whether one of the words holds another value by now.</summary>
    public bool HasChanged()
    {
        for (int i = 0; i < Count; i++)
        {
            ref SeenWord word = ref words[i];
            if (word.Block.Words[word.Index] != word.Value)
            {
                return true;
            }
        }

        return false;
    }

    // Runs begin alike, so the block is often there already; writing a reference costs more than looking at it.
    private void Set(int i, Block block, int index, ulong value, bool isRead)
    {
        ref SeenWord word = ref words[i];
        if (!ReferenceEquals(word.Block, block))
        {
            word.Block = block;
        }

        word.Index = index;
        word.Value = value;
        word.IsRead = isRead;
    }
}
