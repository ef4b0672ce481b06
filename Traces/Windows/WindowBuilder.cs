using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>Makes a window of acts: what happened on which pages, with small numbers.</summary>
/// <param name="anchors">What is more than an access, at most two.</param>
/// <param name="accesses">The accesses.</param>
/// <param name="sptes">What stage 2 maps, and did.</param>
/// <remarks>
/// The bounds of all ranges cut a memslot into pieces, each of which becomes one page: so frames and pages are numbered from 1 without gaps, and how
/// ranges overlap and reach beyond each other is kept. Of pages without an access that lie between others nothing is kept. vCPUs and threads
/// are numbered by what they do.
/// </remarks>
internal sealed class WindowBuilder(IReadOnlyList<Act> anchors, IReadOnlyList<Act> accesses, SpteHistory sptes)
{
    private const int MostWithAccesses = 3;
    private readonly List<SlotPart> parts = [];

    /// <summary>The first line.</summary>
    public long From { get; } = anchors.Concat(accesses).Min(a => a.From);

    /// <summary>The last line.</summary>
    public long To { get; } = anchors.Concat(accesses).Max(a => a.To);

    /// <summary>Of how many parts it is that others can come between; once it is built.</summary>
    public int Weight => anchors.Sum(WeightOf) + accesses.Sum(a => BreaksCow(a) ? 2 : 1);

    private IEnumerable<Act> HostAnchors => anchors.Where(a => a.IsOfHost);

    /// <summary>The window.</summary>
    /// <param name="reason">Why there is none.</param>
    /// <returns>The window; null where it cannot be expressed.</returns>
    public Window? Build(out string? reason)
    {
        reason = Place() ?? Look() ?? Number();
        if (reason is not null)
        {
            return null;
        }

        List<WindowActor> actors = Cast();
        return new Window
        {
            Kind = KindOf(),
            IsShared = anchors.Any(a => a.Kind == ActKind.PunchHole),
            Slots = [.. parts.Select(p => new GuestSlot(p.Number, p.FirstGfn, (ulong)p.Pieces.Count, p.FirstPage, p.Flags))],
            Untouched = [.. parts.SelectMany(p => p.Pieces.Select((piece, i) => (piece, Page: p.FirstPage + (ulong)i))).Where(p => p.piece.IsUntouched).Select(p => p.Page).Order()],
            Mapped = Mapped(),
            Actors = actors,
        };
    }

    // Which memslots, and of each which pieces.
    private string? Place()
    {
        var numbers = accesses.Select(a => a.Covers[0].Slot.Number).ToHashSet();
        if (anchors.Count > 1)
        {
            numbers.UnionWith(NumbersOf(anchors[0]).Intersect(NumbersOf(anchors[1])));
        }

        foreach (int number in numbers.Order())
        {
            Cover[] covers = [.. anchors.Concat(accesses).SelectMany(a => a.Covers).Where(c => c.Slot.Number == number)];
            Act? call = anchors.FirstOrDefault(a => a.IsOfMemslots && NumbersOf(a).Contains(number));
            GuestSlot slot = call is null ? covers[0].Slot : call.Covers[0].Slot;
            var part = new SlotPart(slot, call);
            part.Cut(
                [.. accesses.Select(a => a.Covers[0]).Where(c => c.Slot.Number == number)],
                [.. HostAnchors.SelectMany(a => a.Covers).Where(c => c.Slot.Number == number)],
                keepsAll: HostAnchors.Count() > 1);
            parts.Add(part);
        }

        return parts.Count == 0 ? "nothing in common" : null;
    }

    // What is mapped when it begins, and what the host has there.
    private string? Look()
    {
        foreach (SlotPart part in parts)
        {
            bool isMade = part.Call?.Kind == ActKind.CreateSlot;
            foreach (Piece piece in part.Pieces)
            {
                if ((isMade ? PageState.None : sptes.Before(part.Slot.Gfn + piece.From, From)) is not { } state)
                {
                    return "what was mapped when it began is not known any more";
                }

                Act[] mine = [.. accesses.Where(a => a.Covers[0].Slot.Number == part.Slot.Number && a.Covers[0].From == piece.From)];
                bool isBroken = mine.Any(a => a.BreaksCow);
                if (isBroken && !state.HasFlag(PageState.Mapped) && !mine.Any(a => a.Kind == ActKind.Read))
                {
                    state = PageState.Mapped | PageState.ReadOnlyOfHost; // by the host alone, after fork(); here by both
                }

                // Of a page that nobody accesses it does not matter what the host has there, where stage 2 does not map it.
                piece.State = mine.Length == 0 && state == PageState.Dropped ? PageState.None : state;
                piece.IsUntouched = piece.State.HasFlag(PageState.Dropped) || state.HasFlag(PageState.ReadOnlyOfHost)
                    || (!state.HasFlag(PageState.Mapped) && (isBroken || mine.Any(a => a.FoundReadOnly)));
            }
        }

        return null;
    }

    private string? Number()
    {
        int number = 0;
        ulong gfn = 1;
        foreach (Act host in HostAnchors)
        {
            SlotPart? part = parts.Find(p => host.Covers.Exists(c => c.Slot.Number == p.Slot.Number));
            if (part is null)
            {
                return "nothing in common";
            }

            // Another page is needed to merge one with, or to collapse it with.
            if (host.Kind == ActKind.Merge || (host.Kind == ActKind.Collapse && part.Pieces.Count == 1))
            {
                part.Pieces.Add(new Piece(part.Pieces[^1].To, part.Pieces[^1].To + 1));
            }
        }

        foreach (SlotPart part in parts.OrderBy(p => p.Slot.Gfn))
        {
            part.Number = number++;
            part.FirstGfn = gfn;
            gfn += (ulong)part.Pieces.Count;
        }

        parts.Sort((a, b) => a.Number - b.Number);
        foreach (SlotPart part in parts)
        {
            if (part.Call?.Kind == ActKind.MoveSlot)
            {
                part.TargetGfn = gfn;
                gfn += (ulong)part.Pieces.Count;
            }
        }

        ulong page = 1;
        foreach (SlotPart part in parts.OrderBy(p => p.Slot.Page).ThenBy(p => p.Slot.Gfn))
        {
            part.FirstPage = page;
            page += (ulong)part.Pieces.Count;
        }

        foreach (SlotPart part in parts)
        {
            bool isHarvested = anchors.Any(a => a.IsOfDirtyLog && NumbersOf(a).Contains(part.Slot.Number));
            part.Flags = part.Slot.Flags | (isHarvested ? MemslotFlags.LogDirtyPages : MemslotFlags.None);
            if (part.Call is { Kind: ActKind.SetFlags, Target: { } target } && target.IsReadOnly != part.Slot.IsReadOnly)
            {
                return "KVM cannot change whether a memslot is read-only";
            }
        }

        return null;
    }

    // A write to a page that the host maps read-only, or that another act may have mapped so.
    private bool BreaksCow(Act access)
    {
        SlotPart part = PartOf(access.Covers[0]);
        Piece piece = part.Pieces[part.IndexOf(access.Covers[0].From)];
        bool isShared = anchors.Any(a => a.Kind is ActKind.Fork or ActKind.Merge && a.Meets(access));
        return access.Kind == ActKind.Write && (isShared || (piece.IsUntouched
            && (piece.State.HasFlag(PageState.Mapped) || accesses.Any(a => a.Kind == ActKind.Read && a.Covers[0].Meets(access.Covers[0])))));
    }

    private static int WeightOf(Act act) => act.Kind switch
    {
        ActKind.Collapse or ActKind.DeleteSlot or ActKind.MoveSlot => 2,
        ActKind.CreateSlot or ActKind.Merge or ActKind.Mremap or ActKind.Unprotect => 3,
        _ => 1,
    };

    private List<WindowActor> Cast()
    {
        bool isFault = accesses.Select(a => a.Thread).Distinct().Count() > 1 || anchors.Count + accesses.Count > 2 || Weight > MostWithAccesses;
        List<WindowOperation[]> vcpus = [.. accesses.GroupBy(a => a.Thread).Select(t => Accesses([.. t.OrderBy(a => a.From)], isFault))];
        var actors = new List<WindowActor>();
        Add("vcpu", "vcpu", vcpus);
        Add("mut", "host", [.. HostAnchors.GroupBy(a => a.Thread).Select(t => t.OrderBy(a => a.From).SelectMany(HostOperations).ToArray())]);
        WindowOperation[] calls = [.. anchors.Where(a => a.IsOfMemslots).OrderBy(a => a.From).SelectMany(SlotOperations)];
        if (calls.Length > 0)
        {
            actors.Add(new WindowActor("main", "memslots", calls));
        }

        WindowOperation[] harvests = [.. anchors.Where(a => a.IsOfDirtyLog).OrderBy(a => a.From).SelectMany(HarvestOperations)];
        if (harvests.Length > 0)
        {
            actors.Add(new WindowActor("log", "dirtyLog", harvests));
        }

        return actors;

        void Add(string name, string kind, List<WindowOperation[]> threads)
        {
            int number = 0;
            foreach (WindowOperation[] does in threads.OrderBy(Window.TextOf, StringComparer.Ordinal))
            {
                actors.Add(new WindowActor($"{name}{number++}", kind, does));
            }
        }
    }

    // A fault without the guest's access before and after it has a thousandth of the interleavings: larger windows are made of these.
    private WindowOperation[] Accesses(Act[] mine, bool isFault)
    {
        var does = new List<WindowOperation>();
        foreach (Act access in mine)
        {
            Cover cover = access.Covers[0];
            SlotPart part = PartOf(cover);
            ulong first = part.TargetGfn != 0 && cover.Slot.Gfn == part.Call!.Target!.Gfn ? part.TargetGfn : part.FirstGfn;
            var one = new WindowOperation((access.Kind == ActKind.Write, isFault) switch
            {
                (true, true) => "faultWrite",
                (true, false) => "write",
                (false, true) => "faultRead",
                _ => "read",
            })
            {
                Gfn = first + (ulong)part.IndexOf(cover.From),
            };
            if (does.Count == 0 || does[^1] != one)
            {
                does.Add(one);
            }
        }

        return [.. does];
    }

    private WindowOperation[] HostOperations(Act act)
    {
        (ulong first, ulong count) = RangeOf(act);
        switch (act.Kind)
        {
            case ActKind.Munmap:
                return [Range("munmap")];
            case ActKind.Protect:
                return [Range("protect")];
            case ActKind.ProtectNone:
                return [Range("protectNone")];
            case ActKind.Unprotect:
                return [Range(act.Before == ActKind.ProtectNone ? "protectNone" : "protect"), Range("unprotect")];
            case ActKind.Mremap:
                return [Range("mremap") with { To = 1 + (ulong)parts.Sum(p => p.Pieces.Count) }];
            case ActKind.Fork:
                return [Range("fork")];
            case ActKind.Cow:
                return [new WindowOperation("write") { Page = TouchedPage(act) }];
            case ActKind.Migrate:
                return [new WindowOperation("migrate") { Page = TouchedPage(act) }];
            case ActKind.Merge:
                SlotPart merged = parts.Find(p => act.Covers.Exists(c => c.Slot.Number == p.Slot.Number))!;
                return [new WindowOperation("merge") { Page = TouchedPage(act), With = merged.FirstPage + (ulong)merged.Pieces.Count - 1 }];
            case ActKind.Collapse:
                SlotPart collapsed = parts.Find(p => act.Covers.Exists(c => c.Slot.Number == p.Slot.Number))!;
                return [new WindowOperation("collapse") { Page = collapsed.FirstPage, Pages = (ulong)collapsed.Pieces.Count }];
            default:
                return [Range("unmap")];
        }

        WindowOperation Range(string name) => new(name) { Page = first, Pages = count };
    }

    private IEnumerable<WindowOperation> SlotOperations(Act act)
    {
        SlotPart part = PartOf(act.Covers[0]);
        switch (act.Kind)
        {
            case ActKind.DeleteSlot:
                yield return new WindowOperation("deleteSlot") { Slot = part.Number };
                break;
            case ActKind.CreateSlot:
                if (!anchors.Any(a => a.Kind == ActKind.DeleteSlot && a.From < act.From && a.Meets(act)))
                {
                    yield return new WindowOperation("deleteSlot") { Slot = part.Number }; // as it was made before
                }

                yield return new WindowOperation("createSlot")
                {
                    Slot = part.Number,
                    Gfn = part.FirstGfn,
                    Pages = (ulong)part.Pieces.Count,
                    Page = part.FirstPage,
                    Flags = act.Target!.Flags,
                };
                break;
            case ActKind.MoveSlot:
                yield return new WindowOperation("moveSlot") { Slot = part.Number, Gfn = part.TargetGfn };
                break;
            default:
                yield return new WindowOperation("setFlags") { Slot = part.Number, Flags = act.Target!.Flags };
                break;
        }
    }

    private IEnumerable<WindowOperation> HarvestOperations(Act act)
    {
        foreach (SlotPart part in parts.Where(p => NumbersOf(act).Contains(p.Slot.Number)))
        {
            yield return new WindowOperation("getDirtyLog") { Slot = part.Number };
            if (act.Kind == ActKind.ClearDirtyLog)
            {
                yield return new WindowOperation("clearDirtyLog") { Slot = part.Number };
            }
        }
    }

    private List<WindowMapping> Mapped()
    {
        var mapped = new List<WindowMapping>();
        foreach (SlotPart part in parts)
        {
            for (int i = 0; i < part.Pieces.Count; i++)
            {
                PageState state = part.Pieces[i].State;
                if (!state.HasFlag(PageState.Mapped))
                {
                    continue;
                }

                ulong gfn = part.FirstGfn + (ulong)i;
                bool write = state.HasFlag(PageState.Writable) && !part.Slot.IsReadOnly && !part.Pieces[i].IsUntouched;
                if (mapped.Count > 0 && mapped[^1] is var last && last.Write == write && last.Gfn + last.Pages == gfn && i > 0)
                {
                    mapped[^1] = last with { Pages = last.Pages + 1 };
                }
                else
                {
                    mapped.Add(new WindowMapping(gfn, 1, write));
                }
            }
        }

        return mapped;
    }

    private (ulong First, ulong Count) RangeOf(Act act)
    {
        ulong first = ulong.MaxValue;
        ulong last = 0;
        foreach (SlotPart part in parts)
        {
            for (int i = 0; i < part.Pieces.Count; i++)
            {
                Piece piece = part.Pieces[i];
                if (act.Covers.Exists(c => c.Slot.Number == part.Slot.Number && c.From <= piece.From && piece.From < c.To))
                {
                    first = Math.Min(first, part.FirstPage + (ulong)i);
                    last = Math.Max(last, part.FirstPage + (ulong)i);
                }
            }
        }

        return (first, last - first + 1);
    }

    // The page of a range that an access meets, or else the first.
    private ulong TouchedPage(Act act)
    {
        Act? access = accesses.FirstOrDefault(a => a.Meets(act));
        if (access is null)
        {
            return RangeOf(act).First;
        }

        SlotPart part = PartOf(access.Covers[0]);
        return part.FirstPage + (ulong)part.IndexOf(access.Covers[0].From);
    }

    private SlotPart PartOf(Cover cover) => parts.Find(p => p.Slot.Number == cover.Slot.Number)!;

    private static IEnumerable<int> NumbersOf(Act act) => act.Covers.Select(c => c.Slot.Number);

    private string KindOf()
    {
        string[] names = [.. anchors.Select(a => NameOf(a.Kind)).Order(StringComparer.Ordinal)];
        string guest = accesses.Any(a => a.Kind == ActKind.Write) && anchors.Any(a => a.IsOfDirtyLog) ? "write" : "fault";
        return names.Length switch
        {
            0 => "fault-vs-cow",
            1 => $"{guest}-vs-{names[0]}",
            _ => $"{names[0]}-vs-{names[1]}",
        };
    }

    private static string NameOf(ActKind kind) => kind switch
    {
        ActKind.Munmap => "munmap",
        ActKind.PunchHole => "punch-hole",
        ActKind.Protect or ActKind.ProtectNone => "protect",
        ActKind.Unprotect => "unprotect",
        ActKind.Mremap => "mremap",
        ActKind.Fork => "fork",
        ActKind.Cow => "host-write",
        ActKind.Merge => "merge",
        ActKind.Collapse => "collapse",
        ActKind.Migrate => "migrate",
        ActKind.DeleteSlot => "slot-delete",
        ActKind.CreateSlot => "slot-create",
        ActKind.MoveSlot => "slot-move",
        ActKind.SetFlags => "slot-flags",
        ActKind.GetDirtyLog or ActKind.ClearDirtyLog => "harvest",
        _ => "unmap",
    };

    /// <summary>Pages of a memslot that become one.</summary>
    private sealed class Piece(ulong from, ulong to)
    {
        public ulong From => from;
        public ulong To => to;
        public PageState State;
        public bool IsUntouched;
    }

    private sealed class SlotPart(GuestSlot slot, Act? call)
    {
        public GuestSlot Slot => slot;
        public Act? Call => call;
        public List<Piece> Pieces { get; private set; } = [];
        public int Number;
        public ulong FirstGfn;
        public ulong TargetGfn;
        public ulong FirstPage;
        public MemslotFlags Flags;

        public int IndexOf(ulong page) => Pieces.FindIndex(p => p.From <= page && page < p.To);

        public void Cut(Cover[] touched, Cover[] ranges, bool keepsAll)
        {
            ulong[] bounds = [.. touched.Concat(ranges).SelectMany(c => new[] { c.From, c.To }).Distinct().Order()];
            for (int i = 0; i + 1 < bounds.Length; i++)
            {
                (ulong from, ulong to) = (bounds[i], bounds[i + 1]);
                if (touched.Concat(ranges).Any(c => c.From <= from && from < c.To))
                {
                    Pieces.Add(new Piece(from, to));
                }
            }

            if (Pieces.Count == 0)
            {
                Pieces.Add(new Piece(0, 1)); // the whole memslot is at stake, and no page of it more than others
            }

            int first = Pieces.FindIndex(IsTouched);
            int last = Pieces.FindLastIndex(IsTouched);
            if (!keepsAll && first >= 0)
            {
                Pieces = [.. Pieces.Where((p, i) => IsTouched(p) || i == first - 1 || i == last + 1)];
            }

            bool IsTouched(Piece piece) => touched.Any(c => c.From == piece.From);
        }
    }
}
