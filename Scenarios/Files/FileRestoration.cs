using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>What undoes a script, so that it can be gone through again: memslots, VMAs and protections are as they were. Contents are not.</summary>
internal static class FileRestoration
{
    private enum State
    {
        Usual,
        Protected,
        Missing,
    }

    /// <summary>What puts the process's memory back.</summary>
    /// <param name="script">What was done.</param>
    /// <returns>mmap() where a VMA is missing, and mprotect() where less is allowed.</returns>
    public static Message[] OfHost(IReadOnlyList<ScenarioFileOperation> script)
    {
        var states = new SortedDictionary<ulong, State>();
        foreach (ScenarioFileOperation operation in script)
        {
            for (ulong i = 0; i < (operation.Pages ?? 1); i++)
            {
                ulong page = operation.Page!.Value + i;
                State now = states.GetValueOrDefault(page);
                switch (operation.Do)
                {
                    case "munmap":
                        states[page] = State.Missing;
                        break;
                    case "mmap":
                        states[page] = State.Usual;
                        break;
                    case "protect" or "protectNone" when now != State.Missing:
                        states[page] = State.Protected;
                        break;
                    case "unprotect" when now != State.Missing:
                        states[page] = State.Usual;
                        break;
                    case "mremap":
                        states[operation.To!.Value + i] = now;
                        states[page] = State.Missing;
                        break;
                }
            }
        }

        return
        [
            .. RangesOf(states, State.Missing).Select(r => new MapsPages(r.First, r.Count, Replaces: true)),
            .. RangesOf(states, State.Protected).Select(r => new ProtectsPages(r.First, r.Count, VmaFlags.Write)),
        ];
    }

    /// <summary>What puts the memslots back: those that differ by more than flags are deleted and created.</summary>
    /// <param name="before">As they were.</param>
    /// <param name="after">As they are.</param>
    /// <returns>KVM_SET_USER_MEMORY_REGION for each.</returns>
    public static Message[] OfMemslots(IReadOnlyCollection<ScenarioFileSlot> before, IReadOnlyCollection<ScenarioFileSlot> after)
    {
        List<ScenarioFileSlot> deleted = after.Where(slot => !before.Any(b => IsSameBut(b, slot))).ToList();
        return
        [
            .. deleted.Select(slot => new SetsMemslot(UserspaceMemoryRegion.Deletion(slot.Slot))),
            .. before.Where(slot => !after.Contains(slot)).Select(slot => new SetsMemslot(FileMemory.RegionOf(slot))),
        ];
    }

    // But for whether writes are tracked, which can be changed.
    private static bool IsSameBut(in ScenarioFileSlot a, in ScenarioFileSlot b) =>
        (a with { Flags = a.Flags & ~MemslotFlags.LogDirtyPages }) == (b with { Flags = b.Flags & ~MemslotFlags.LogDirtyPages });

    private static List<(ulong First, ulong Count)> RangesOf(SortedDictionary<ulong, State> states, State state)
    {
        var ranges = new List<(ulong First, ulong Count)>();
        foreach (ulong page in states.Where(s => s.Value == state).Select(s => s.Key))
        {
            if (ranges.Count != 0 && ranges[^1].First + ranges[^1].Count == page)
            {
                ranges[^1] = (ranges[^1].First, ranges[^1].Count + 1);
            }
            else
            {
                ranges.Add((page, 1));
            }
        }

        return ranges;
    }
}
