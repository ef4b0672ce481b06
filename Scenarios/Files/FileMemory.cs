using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The memory of a scenario file: where guest frames and host pages are and what they hold in the beginning.</summary>
internal sealed class FileMemory
{
    private const ulong PagesPerHostTable = 512;

    private readonly ScenarioFile file;
    private readonly Dictionary<ulong, ulong> contents = [];
    private readonly HashSet<ulong> populated = [];

    /// <summary>The memory of a file.</summary>
    /// <param name="file">What it says.</param>
    public FileMemory(ScenarioFile file)
    {
        this.file = file;
        List<ScenarioFileSlot> all = [.. file.Slots, .. OperationsOf(ScenarioFileOperations.MemslotsKind).Where(o => o.Page is not null).Select(SlotOf)];
        foreach (ScenarioFileSlot slot in all)
        {
            for (ulong page = slot.Page; page < slot.Page + slot.Pages; page++)
            {
                populated.Add(page);
            }
        }

        foreach (ScenarioFilePages pages in file.Untouched)
        {
            for (ulong page = pages.Page; page < pages.Page + pages.Pages; page++)
            {
                populated.Remove(page);
            }
        }

        SetContents();
        MostBitmapWords = (int)((all.Max(s => s.Pages) + DirtyBitmap.PagesPerWord - 1) / DirtyBitmap.PagesPerWord);
        SlotNumbers = all.Max(s => s.Slot) + 1;
        Layout = new VmLayout
        {
            HostPages = (int)Math.Max(all.Max(s => s.Page + s.Pages), OperationsOf(ScenarioFileOperations.HostKind).Max(o => o.To + (o.Pages ?? 1)) ?? 0),
            GuestFrames = FrameEnds(all).Max(),
            Regions = [.. file.Slots.Select(RegionOf)],
            MostSlots = all.Count,
            Populated = [.. populated.Order().Select(page => (page, contents[page]))],
            Huge = string.Equals(file.Backing, "anonymous_thp", StringComparison.Ordinal) ? HugePages() : [],
        };
    }

    /// <summary>The layout.</summary>
    public VmLayout Layout { get; }

    /// <summary>How many 64-bit words the largest memslot's dirty bitmap has.</summary>
    public int MostBitmapWords { get; }

    /// <summary>Memslots have smaller numbers.</summary>
    public int SlotNumbers { get; }

    /// <summary>The memslot that a frame is in, in the beginning; null where it is in none.</summary>
    /// <param name="gfn">The frame.</param>
    /// <returns>The memslot.</returns>
    public ScenarioFileSlot? SlotAt(ulong gfn)
    {
        foreach (ScenarioFileSlot slot in file.Slots)
        {
            if (gfn >= slot.Gfn && gfn < slot.Gfn + slot.Pages)
            {
                return slot;
            }
        }

        return null;
    }

    /// <summary>The host page of a frame, in the beginning.</summary>
    /// <param name="gfn">A frame that is in a memslot.</param>
    /// <returns>The page's number.</returns>
    public ulong PageAt(ulong gfn) => SlotAt(gfn) is { } slot ? slot.Page + (gfn - slot.Gfn) : throw new ArgumentOutOfRangeException(nameof(gfn));

    /// <summary>What a host page holds in the beginning: its number, the other's where two are to be merged, 0 where nobody has touched it.</summary>
    /// <param name="page">The page's number.</param>
    /// <returns>Its content.</returns>
    public ulong ContentOf(ulong page) => contents.GetValueOrDefault(page);

    /// <summary>What creates a memslot.</summary>
    /// <param name="slot">The memslot.</param>
    /// <returns>The region.</returns>
    public static UserspaceMemoryRegion RegionOf(ScenarioFileSlot slot) => UserspaceMemoryRegion.OfPages(slot.Slot, slot.Gfn, slot.Pages, slot.Page, slot.Flags);

    /// <summary>The memslot that an operation creates.</summary>
    /// <param name="operation">A createSlot.</param>
    /// <returns>The memslot.</returns>
    public static ScenarioFileSlot SlotOf(ScenarioFileOperation operation) =>
        new(operation.Slot!.Value, operation.Gfn!.Value, operation.Pages!.Value, operation.Page!.Value, operation.Flags ?? MemslotFlags.None);

    private void SetContents()
    {
        foreach (ulong page in populated)
        {
            contents[page] = page;
        }

        // Written by whoever mapped it.
        foreach (ScenarioFileMapping mapping in file.Mapped.Where(m => m.Write))
        {
            for (ulong gfn = mapping.Gfn; gfn < mapping.Gfn + mapping.Pages; gfn++)
            {
                contents[PageAt(gfn)] = PageAt(gfn);
            }
        }

        // By content, the pages that hold it; so far each page holds its own number.
        var holders = new Dictionary<ulong, List<ulong>>();
        foreach (ScenarioFileOperation merge in OperationsOf(ScenarioFileOperations.HostKind).Where(o => o.With is not null))
        {
            if (contents.TryGetValue(merge.Page!.Value, out ulong content) && contents.TryGetValue(merge.With!.Value, out ulong old) && old != content)
            {
                List<ulong> changed = holders.Remove(old, out List<ulong>? several) ? several : [old];
                foreach (ulong page in changed)
                {
                    contents[page] = content;
                }

                holders.TryAdd(content, [content]);
                holders[content].AddRange(changed);
            }
        }
    }

    private List<HvaRange> HugePages()
    {
        var huge = new List<HvaRange>();
        ulong first = 0;
        ulong count = 0;
        foreach (ulong page in populated.Order().Append(ulong.MaxValue))
        {
            if (count != 0 && page == first + count && page % PagesPerHostTable != 0)
            {
                count++;
                continue;
            }

            if (count > 1)
            {
                huge.Add(HvaRange.OfPages(first, count));
            }

            (first, count) = (page, 1);
        }

        return huge;
    }

    // Also of memslots that are moved, to wherever the largest of that number fits.
    private IEnumerable<ulong> FrameEnds(List<ScenarioFileSlot> all) => all.Select(s => s.Gfn + s.Pages).Concat(
        OperationsOf(ScenarioFileOperations.MemslotsKind)
            .Where(o => string.Equals(o.Do, "moveSlot", StringComparison.Ordinal))
            .Select(o => o.Gfn!.Value + all.Where(s => s.Slot == o.Slot).Max(s => s.Pages)));

    private IEnumerable<ScenarioFileOperation> OperationsOf(string kind) =>
        file.Actors.Where(a => string.Equals(a.Kind, kind, StringComparison.Ordinal)).SelectMany(a => a.Does);
}
