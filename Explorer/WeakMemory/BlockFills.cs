namespace MmuStress.Explorer;

/// <summary>The writes of one run that filled a whole block, and what was there before: words are looked at one by one only when they are read.</summary>
internal sealed class BlockFills
{
    private ulong[] copy = [];
    private bool isUniform;

    /// <summary>The run of the graph that it describes.</summary>
    public long Run { get; private set; }

    /// <summary>The events that filled the block, in order.</summary>
    public List<int> Events { get; } = [];

    /// <summary>Notes what is there before the first fill.</summary>
    public void Begin(long run, ulong[] content)
    {
        Run = run;
        Events.Clear();
        isUniform = !content.AsSpan().ContainsAnyExcept(content[0]);
        if (copy.Length < (isUniform ? 1 : content.Length))
        {
            copy = new ulong[content.Length];
        }

        Array.Copy(content, copy, isUniform ? 1 : content.Length);
    }

    /// <summary>What the word at <paramref name="index"/> held before the first fill.</summary>
    public ulong ContentBefore(int index) => isUniform ? copy[0] : copy[index];
}
