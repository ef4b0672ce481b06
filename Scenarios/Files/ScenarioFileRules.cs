using System.Globalization;
using MmuStress.Mmu;
using static MmuStress.Scenarios.ScenarioFileOperations;

namespace MmuStress.Scenarios;

/// <summary>What a scenario file must be like beyond its keys: ranges lie where there is memory, memslots do not overlap, names are distinct.</summary>
/// <remarks>There is one actor for memslots at most, so which memslots there are at each of its operations is known beforehand.</remarks>
public static class ScenarioFileRules
{
    private const int MostNameLetters = 80;
    private const ulong PagesPerHostTable = 512;

    /// <summary>Refuses a file that makes no sense.</summary>
    /// <param name="file">What it says.</param>
    /// <exception cref="ScenarioFileException">Something is wrong: the place and what, without the file's name.</exception>
    public static void Require(ScenarioFile file)
    {
        RequireHeader(file);
        RequireSlots(file);
        var gfns = new ScenarioFileCover(file.Slots.Select(s => (s.Gfn, s.Pages)));
        var pages = new ScenarioFileCover(file.Slots.Select(s => (s.Page, s.Pages)));
        RequireFew("untouched", file.Untouched.Select(u => u.Pages), ScenarioFile.MostPages);
        RequireFew("mapped", file.Mapped.Select(m => m.Pages), ScenarioFile.MostPages);
        for (int i = 0; i < file.Untouched.Count; i++)
        {
            RequireInside(pages, file.Untouched[i].Page, file.Untouched[i].Pages, "page", "in no slot", Place("untouched", i));
        }

        for (int i = 0; i < file.Mapped.Count; i++)
        {
            RequireMapped(file, gfns, file.Mapped[i], Place("mapped", i));
        }

        RequireActors(file);
        RequireFew("actors", file.Actors.SelectMany(a => a.Does).Select(o => o.Pages ?? 1), ScenarioFile.MostPagesOfOperations);
        RequireMemslots(file, gfns, pages);
        RequireAccesses(file, gfns, pages);
        RequireInvariants(file);
    }

    private static void RequireHeader(ScenarioFile file)
    {
        if (!IsName(file.Name, '-'))
        {
            throw Problem("name", $"must be small letters, digits and dashes, at most {MostNameLetters}, not {ScenarioFilePart.Quoted(file.Name)}");
        }

        foreach ((string key, string text) in (ReadOnlySpan<(string, string)>)[("summary", file.Summary), ("source", file.Source)])
        {
            if (text.Any(char.IsControl))
            {
                throw Problem(key, $"must be one line without control characters, not {ScenarioFilePart.Quoted(text)}");
            }
        }

        if (file.Windows == 0)
        {
            throw Problem("windows", "must be at least 1");
        }

        if (!ScenarioFile.Backings.Contains(file.Backing, StringComparer.Ordinal))
        {
            throw Problem("backing", $"unknown backing {ScenarioFilePart.Quoted(file.Backing)} (there are: {string.Join(", ", ScenarioFile.Backings)})");
        }
    }

    private static void RequireSlots(ScenarioFile file)
    {
        if (file.Slots.Count is 0 or > ScenarioFile.MostSlots)
        {
            throw Problem("slots", Text($"there must be 1 to {ScenarioFile.MostSlots}, not {file.Slots.Count}"));
        }

        for (int i = 0; i < file.Slots.Count; i++)
        {
            RequireFits(file.Slots[i], file.Slots.Take(i), Place("slots", i));
        }
    }

    // That a memslot can be there beside others.
    private static void RequireFits(in ScenarioFileSlot slot, IEnumerable<ScenarioFileSlot> others, string place)
    {
        RequireRange(slot.Gfn, slot.Pages, "gfn", place);
        RequireRange(slot.Page, slot.Pages, "page", place);
        foreach (ScenarioFileSlot other in others)
        {
            if (other.Slot == slot.Slot)
            {
                throw Problem(place, Text($"slot {slot.Slot} exists already"));
            }

            if (slot.Gfn < other.Gfn + other.Pages && other.Gfn < slot.Gfn + slot.Pages)
            {
                throw Problem(place, $"{Range("gfn", slot.Gfn, slot.Pages)} overlap{(slot.Pages == 1 ? "s" : "")} those of slot {other.Slot}");
            }
        }
    }

    private static void RequireMapped(ScenarioFile file, ScenarioFileCover gfns, in ScenarioFileMapping mapping, string place)
    {
        RequireInside(gfns, mapping.Gfn, mapping.Pages, "gfn", "in no slot", place);
        foreach (ScenarioFileSlot slot in file.Slots)
        {
            bool meets = mapping.Gfn < slot.Gfn + slot.Pages && slot.Gfn < mapping.Gfn + mapping.Pages;
            if (meets && mapping.Write && (slot.Flags & MemslotFlags.ReadOnly) != MemslotFlags.None)
            {
                throw Problem(place, Text($"slot {slot.Slot} is readonly, so nothing in it is mapped for writes"));
            }
        }
    }

    private static void RequireActors(ScenarioFile file)
    {
        if (file.Actors.Count is 0 or > ScenarioFile.MostActors)
        {
            throw Problem("actors", Text($"there must be 1 to {ScenarioFile.MostActors}, not {file.Actors.Count}"));
        }

        int operations = file.Actors.Sum(a => a.Does.Count);
        if (operations > ScenarioFile.MostOperations)
        {
            throw Problem("actors", Text($"there must be at most {ScenarioFile.MostOperations} operations altogether, not {operations}"));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        string? manager = null;
        for (int i = 0; i < file.Actors.Count; i++)
        {
            ScenarioFileActor actor = file.Actors[i];
            string place = Place("actors", i);
            if (!IsName(actor.Name, '-', '_') || string.Equals(actor.Name, "choice", StringComparison.Ordinal))
            {
                throw Problem($"{place}.name", $"must be small letters, digits, dashes and underscores, at most {MostNameLetters}, and not 'choice', not {ScenarioFilePart.Quoted(actor.Name)}");
            }

            if (!names.Add(actor.Name))
            {
                throw Problem($"{place}.name", $"there are two actors called '{actor.Name}'");
            }

            if (string.Equals(actor.Kind, MemslotsKind, StringComparison.Ordinal))
            {
                if (manager is not null)
                {
                    throw Problem($"{place}.kind", $"there is one actor for memslots already, '{manager}'");
                }

                manager = actor.Name;
            }

            RequireForms(actor, place);
        }
    }

    private static void RequireForms(ScenarioFileActor actor, string place)
    {
        if (actor.Does.Count == 0)
        {
            throw Problem($"{place}.does", "there must be at least one operation");
        }

        for (int i = 0; i < actor.Does.Count; i++)
        {
            ScenarioFileOperation operation = actor.Does[i];
            string at = Place($"{place}.does", i);
            ScenarioFileForm form = Find(actor.Kind, operation.Do) ?? throw Problem(at, $"unknown operation {ScenarioFilePart.Quoted(operation.Do)} ({actor.Kind} actors have: {NamesOf(actor.Kind)})");
            foreach ((string key, bool isThere) in KeysOf(operation))
            {
                bool isRequired = form.Required.Contains(key, StringComparer.Ordinal);
                if (isRequired && !isThere)
                {
                    throw Problem(at, $"'{key}' is missing");
                }

                if (isThere && !isRequired && !form.Optional.Contains(key, StringComparer.Ordinal))
                {
                    throw Problem(at, $"{operation.Do} takes no '{key}'");
                }
            }
        }
    }

    // Follows the memslots through their changes, and adds the memory that they come to name.
    private static void RequireMemslots(ScenarioFile file, ScenarioFileCover gfns, ScenarioFileCover pages)
    {
        var slots = file.Slots.ToDictionary(s => s.Slot);
        foreach ((ScenarioFileOperation operation, string place) in OperationsOf(file, MemslotsKind))
        {
            int number = operation.Slot!.Value;
            if (string.Equals(operation.Do, "createSlot", StringComparison.Ordinal))
            {
                var slot = new ScenarioFileSlot(number, operation.Gfn!.Value, operation.Pages!.Value, operation.Page!.Value, operation.Flags ?? MemslotFlags.None);
                Put(slot, place);
                continue;
            }

            if (!slots.Remove(number, out ScenarioFileSlot old))
            {
                throw Problem(place, Text($"there is no slot {number} by then"));
            }

            switch (operation.Do)
            {
                case "moveSlot":
                    Put(old with { Gfn = operation.Gfn!.Value }, place);
                    break;
                case "setFlags" when ((operation.Flags!.Value ^ old.Flags) & MemslotFlags.ReadOnly) != MemslotFlags.None:
                    throw Problem(place, "KVM cannot change whether a slot is readonly");
                case "setFlags":
                    slots[number] = old with { Flags = operation.Flags!.Value };
                    break;
            }
        }

        void Put(in ScenarioFileSlot slot, string place)
        {
            RequireFits(slot, slots.Values, place);
            if (slots.Count == ScenarioFile.MostSlots)
            {
                throw Problem(place, Text($"there are {ScenarioFile.MostSlots} slots already"));
            }

            slots[slot.Slot] = slot;
            gfns.Add(slot.Gfn, slot.Pages);
            pages.Add(slot.Page, slot.Pages);
        }
    }

    private static void RequireAccesses(ScenarioFile file, ScenarioFileCover gfns, ScenarioFileCover pages)
    {
        foreach ((ScenarioFileOperation operation, string place) in OperationsOf(file, VcpuKind))
        {
            RequireInside(gfns, operation.Gfn!.Value, 1, "gfn", "in no slot", place);
        }

        foreach ((ScenarioFileOperation operation, string place) in OperationsOf(file, HostKind))
        {
            if (operation.To is { } to)
            {
                RequireRange(to, operation.Pages ?? 1, "page", place);
                pages.Add(to, operation.Pages ?? 1);
            }
        }

        foreach ((ScenarioFileOperation operation, string place) in OperationsOf(file, HostKind))
        {
            RequireHost(operation, pages, place);
        }

        var logged = file.Slots.Where(s => (s.Flags & MemslotFlags.LogDirtyPages) != MemslotFlags.None).Select(s => s.Slot)
            .Concat(OperationsOf(file, MemslotsKind).Where(o => ((o.Operation.Flags ?? MemslotFlags.None) & MemslotFlags.LogDirtyPages) != MemslotFlags.None).Select(o => o.Operation.Slot!.Value))
            .ToHashSet();
        foreach ((ScenarioFileOperation operation, string place) in OperationsOf(file, DirtyLogKind))
        {
            if (!logged.Contains(operation.Slot!.Value))
            {
                throw Problem(place, Text($"slot {operation.Slot} never has the flag logDirtyPages"));
            }
        }
    }

    private static void RequireHost(ScenarioFileOperation operation, ScenarioFileCover pages, string place)
    {
        ulong page = operation.Page!.Value;
        ulong count = operation.Pages ?? 1;
        RequireInside(pages, page, count, "page", "in no slot", place);
        if (operation.To is { } to && page < to + count && to < page + count)
        {
            throw Problem(place, $"{Range("page", page, count)} and the new place overlap");
        }

        if (operation.With is { } with)
        {
            RequireInside(pages, with, 1, "page", "in no slot", place);
            if (with == page)
            {
                throw Problem(place, Text($"page {page} cannot be merged with itself"));
            }
        }

        if (operation.Do is "collapse" or "split" && page / PagesPerHostTable != (page + count - 1) / PagesPerHostTable)
        {
            throw Problem(place, $"{Range("page", page, count)} are not of one table of {PagesPerHostTable} entries");
        }
    }

    private static void RequireInvariants(ScenarioFile file)
    {
        IReadOnlyList<string> names = file.Invariants ?? [];
        for (int i = 0; i < names.Count; i++)
        {
            if (!ScenarioFileInvariants.All.Contains(names[i], StringComparer.Ordinal))
            {
                throw Problem(Place("invariants", i), $"unknown invariant {ScenarioFilePart.Quoted(names[i])} (there are: {string.Join(", ", ScenarioFileInvariants.All)})");
            }

            if (string.Equals(names[i], nameof(DirtyLogCompleteStrict), StringComparison.Ordinal) && file.Actors.Count(a => string.Equals(a.Kind, DirtyLogKind, StringComparison.Ordinal)) > 1)
            {
                throw Problem(Place("invariants", i), $"{names[i]} is for one dirtyLog actor, as what one has harvested the other does not find");
            }

            if (names.Take(i).Contains(names[i], StringComparer.Ordinal))
            {
                throw Problem(Place("invariants", i), $"'{names[i]}' is given twice");
            }
        }
    }

    private static IEnumerable<(ScenarioFileOperation Operation, string Place)> OperationsOf(ScenarioFile file, string kind) =>
        from actor in file.Actors.Select((actor, i) => (Actor: actor, Place: Place("actors", i)))
        where string.Equals(actor.Actor.Kind, kind, StringComparison.Ordinal)
        from operation in actor.Actor.Does.Select((operation, i) => (Operation: operation, Place: Place($"{actor.Place}.does", i)))
        select operation;

    private static (string Key, bool IsThere)[] KeysOf(ScenarioFileOperation operation) =>
    [
        (SlotKey, operation.Slot is not null),
        (GfnKey, operation.Gfn is not null),
        (PageKey, operation.Page is not null),
        (PagesKey, operation.Pages is not null),
        (ToKey, operation.To is not null),
        (WithKey, operation.With is not null),
        (FlagsKey, operation.Flags is not null),
    ];

    private static void RequireFew(string place, IEnumerable<ulong> pages, ulong most)
    {
        ulong sum = 0;
        foreach (ulong count in pages)
        {
            sum = Math.Min(most + 1, sum + Math.Min(most + 1, count));
        }

        if (sum > most)
        {
            throw Problem(place, Text($"there must be at most {most} pages altogether"));
        }
    }

    private static void RequireRange(ulong first, ulong count, string what, string place)
    {
        if (count is 0 or > ScenarioFile.MostPages || first > ScenarioFile.MostPages - count)
        {
            throw Problem(place, Text($"{Range(what, first, count)} must be within 0 to {ScenarioFile.MostPages - 1}"));
        }
    }

    private static void RequireInside(ScenarioFileCover cover, ulong first, ulong count, string what, string outside, string place)
    {
        RequireRange(first, count, what, place);
        if (cover.FirstOutside(first, count) is { } missing)
        {
            throw Problem(place, Text($"{what} {missing} is {outside}"));
        }
    }

    private static string Range(string what, ulong first, ulong count) => count == 1 ? Text($"{what} {first}") : Text($"{what}s {first} to {first + count - 1}");

    private static string Place(string list, int index) => Text($"{list}[{index}]");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static ScenarioFileException Problem(string place, string what) => ScenarioFilePart.Problem(place, what);

    private static bool IsName(string name, params ReadOnlySpan<char> others)
    {
        foreach (char letter in name)
        {
            if (!char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter) && !others.Contains(letter))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= MostNameLetters;
    }
}
