namespace MmuStress.Machine;

/// <summary>One page of simulated physical memory, 512 words unless the machine was given another size.</summary>
public sealed class Page : Block
{
    internal Page(int words)
        : base(words)
    {
    }

    /// <summary>page_count() of its struct page, where somebody counts; lives longer than what is in the page.</summary>
    public Word? Count { get; set; }

    /// <summary>The page frame number; never 0 and, within an explored run, never handed out twice.</summary>
    public ulong FrameNumber { get; internal set; }
}
