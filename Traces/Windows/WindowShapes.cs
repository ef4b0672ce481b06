namespace MmuStress.Traces;

/// <summary>Chooses what goes into one window, so that it stays small enough to be searched exhaustively.</summary>
internal static class WindowShapes
{
    private const int Budget = 3;
    private const int MostVcpus = 2;
    private const int MostOthers = 2;

    /// <summary>Cuts the windows around an anchor.</summary>
    /// <param name="anchor">It, with those beside it.</param>
    /// <param name="sptes">What stage 2 maps, and did.</param>
    /// <param name="windows">Takes them.</param>
    public static void Cut(Act anchor, SpteHistory sptes, WindowCollection windows)
    {
        List<Act> accesses = [.. anchor.Beside.Where(a => a.IsAccess).OrderBy(a => a.From)];
        List<Act> others = anchor.IsAccess ? [] : [.. anchor.Beside.Where(a => !a.IsAccess).OrderBy(a => a.From)];
        foreach (Act other in others.Take(MostOthers))
        {
            Act? access = accesses.Find(a => a.Meets(other)) ?? accesses.FirstOrDefault();
            bool fits = access is not null && WeightOf(anchor) + WeightOf(other) + WeightOf(access) <= Budget;
            Add([anchor, other], fits ? [access!] : []);
        }

        if (anchor.IsAccess)
        {
            CutAccesses([], anchor, accesses);
        }
        else if (accesses.Count > 0)
        {
            CutAccesses([anchor], null, accesses);
        }

        void CutAccesses(List<Act> anchors, Act? first, List<Act> rest)
        {
            List<Act> all = first is null ? rest : [first, .. rest];
            if (Fits(anchors, all))
            {
                Add(anchors, all);
                return;
            }

            // Too many: one window for each page.
            foreach (IGrouping<(int, ulong), Act> page in all.GroupBy(a => (a.Covers[0].Slot.Number, a.Covers[0].From)))
            {
                List<Act> chosen = [];
                foreach (Act access in page)
                {
                    chosen.Add(access);
                    if (chosen.Count > 1 && !Fits(anchors, chosen))
                    {
                        chosen.RemoveAt(chosen.Count - 1);
                    }
                }

                if (anchors.Count > 0 || chosen.Count > 1)
                {
                    Add(anchors, chosen);
                }
            }
        }

        void Add(List<Act> anchors, List<Act> chosen)
        {
            var builder = new WindowBuilder(anchors, chosen, sptes);
            if (builder.Build(out string? reason) is { } window)
            {
                windows.Add(window, builder.From, builder.To);
            }
            else
            {
                windows.LeaveOut(reason!);
            }
        }
    }

    private static bool Fits(List<Act> anchors, List<Act> accesses) =>
        anchors.Sum(WeightOf) + accesses.Sum(WeightOf) <= Budget && accesses.Select(a => a.Thread).Distinct().Count() <= MostVcpus;

    // By how many parts that others can come between.
    private static int WeightOf(Act act) => act.Kind switch
    {
        ActKind.Write when act.BreaksCow => 2,
        ActKind.Unprotect or ActKind.Collapse or ActKind.DeleteSlot or ActKind.MoveSlot => 2,
        ActKind.CreateSlot or ActKind.Merge => 3,
        _ => 1,
    };
}
