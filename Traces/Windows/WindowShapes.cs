namespace MmuStress.Traces;

/// <summary>Chooses what goes into one window, so that it stays small enough to be searched exhaustively.</summary>
/// <param name="sptes">What stage 2 maps, and did.</param>
/// <param name="windows">Takes the windows.</param>
internal sealed class WindowShapes(SpteHistory sptes, WindowCollection windows)
{
    private const int Budget = 3;
    private const int MostVcpus = 2;
    private const int MostOthers = 2;

    /// <summary>Cuts the windows around an anchor: with each other one beside it, and with the accesses beside it.</summary>
    /// <param name="anchor">It, with those beside it.</param>
    public void Cut(Act anchor)
    {
        List<Act> accesses = [.. anchor.Beside.Where(a => a.IsAccess).OrderBy(a => a.From)];
        if (anchor.IsAccess)
        {
            CutAccesses([], [anchor], accesses);
            return;
        }

        foreach (Act other in anchor.Beside.Where(a => !a.IsAccess).OrderBy(a => a.From).Take(MostOthers))
        {
            Act? access = accesses.Find(a => a.Meets(other)) ?? accesses.FirstOrDefault();
            if (access is null || !TryAdd([anchor, other], [access], mayBeLarge: false))
            {
                TryAdd([anchor, other], [], mayBeLarge: true);
            }
        }

        if (accesses.Count > 0)
        {
            CutAccesses([anchor], [], accesses);
        }
    }

    // All in one window; else a window for each page, and as many as it takes.
    private void CutAccesses(List<Act> anchors, List<Act> always, List<Act> accesses)
    {
        if (TryAdd(anchors, [.. always, .. accesses], mayBeLarge: false))
        {
            return;
        }

        foreach (IGrouping<(int, ulong), Act> page in accesses.GroupBy(a => (a.Covers[0].Slot.Number, a.Covers[0].From)))
        {
            List<Act> left = [.. page];
            while (left.Count > 0)
            {
                int count = left.Count;
                while (!TryAdd(anchors, [.. always, .. left.Take(count)], mayBeLarge: count == 1))
                {
                    count--;
                }

                left.RemoveRange(0, count);
            }
        }
    }

    // Whether it is small enough, or there is nothing to be had.
    private bool TryAdd(List<Act> anchors, List<Act> accesses, bool mayBeLarge)
    {
        bool isSmall = accesses.Count <= Budget && accesses.Select(a => a.Thread).Distinct().Count() <= MostVcpus;
        if (!isSmall && !mayBeLarge)
        {
            return false;
        }

        var builder = new WindowBuilder(anchors, accesses, sptes);
        if (builder.Build(out string? reason) is not { } window)
        {
            windows.LeaveOut(reason!);
            return true;
        }

        if (builder.Weight > Budget && !mayBeLarge)
        {
            return false;
        }

        windows.Add(window, builder.From, builder.To);
        return true;
    }
}
