namespace MmuStress.Traces;

/// <summary>The windows of one or more traces: identical ones once, with their number, in bounded memory.</summary>
/// <param name="mostKept">How many different ones are kept; more are counted as left out.</param>
public sealed class WindowCollection(int mostKept = WindowCollection.MostKept)
{
    /// <summary>How many different windows are kept.</summary>
    public const int MostKept = 1000;

    private readonly Dictionary<string, CollectedWindow> byText = new(StringComparer.Ordinal);
    private readonly List<CollectedWindow> windows = [];
    private readonly SortedDictionary<string, long> leftOut = new(StringComparer.Ordinal);
    private int trace = -1;

    /// <summary>The different windows, in the order in which each came first.</summary>
    public IReadOnlyList<CollectedWindow> Windows => windows;

    /// <summary>How many windows were left out, by the reason.</summary>
    public IReadOnlyDictionary<string, long> LeftOut => leftOut;

    /// <summary>The next trace begins.</summary>
    public void NextTrace() => trace++;

    /// <summary>Notes windows that cannot be had.</summary>
    /// <param name="reason">Why, in a few words.</param>
    /// <param name="count">How many.</param>
    public void LeaveOut(string reason, long count = 1) => leftOut[reason] = leftOut.GetValueOrDefault(reason) + count;

    internal void Add(Window window, long from, long to)
    {
        string text = window.ToString();
        if (byText.TryGetValue(text, out CollectedWindow? known))
        {
            known.Count++;
        }
        else if (windows.Count >= mostKept)
        {
            LeaveOut($"beyond the first {mostKept} different ones");
        }
        else
        {
            byText[text] = new CollectedWindow(window, trace, from, to);
            windows.Add(byText[text]);
        }
    }
}
