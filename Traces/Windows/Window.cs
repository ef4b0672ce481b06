using System.Globalization;
using System.Text;
using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>What overlapped, cut out of a trace and made small: two windows in which the same happened are equal as text.</summary>
public sealed class Window
{
    /// <summary>What meets what: "fault-vs-unmap".</summary>
    public required string Kind { get; init; }

    /// <summary>Whether the memory is shared: a file of tmpfs.</summary>
    public required bool IsShared { get; init; }

    /// <summary>The memslots when it begins.</summary>
    public required IReadOnlyList<GuestSlot> Slots { get; init; }

    /// <summary>Host pages that the host has not faulted in for writing: it maps the page of zeroes there, or nothing.</summary>
    public required IReadOnlyList<ulong> Untouched { get; init; }

    /// <summary>What stage 2 maps when it begins.</summary>
    public required IReadOnlyList<WindowMapping> Mapped { get; init; }

    /// <summary>Who does what.</summary>
    public required IReadOnlyList<WindowActor> Actors { get; init; }

    /// <summary>All of it in a few lines.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        var text = new StringBuilder(Kind).Append(IsShared ? " shared\n" : "\n");
        foreach (GuestSlot slot in Slots)
        {
            Add($"slot {slot.Number}: gfn {slot.Gfn} pages {slot.Pages} page {slot.Page}{Of(slot.Flags)}\n");
        }

        foreach (ulong page in Untouched)
        {
            Add($"untouched: page {page}\n");
        }

        foreach (WindowMapping mapping in Mapped)
        {
            Add($"mapped: gfn {mapping.Gfn} pages {mapping.Pages}{(mapping.Write ? " write" : "")}\n");
        }

        foreach (WindowActor actor in Actors)
        {
            Add($"{actor.Name}: {TextOf(actor.Does)}\n");
        }

        return text.ToString();

        void Add(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture));
    }

    internal static string TextOf(IEnumerable<WindowOperation> operations) => string.Join("; ", operations.Select(TextOf));

    private static string TextOf(WindowOperation o) => string.Create(
        CultureInfo.InvariantCulture,
        $"{o.Do}{Of("slot", (ulong?)o.Slot)}{Of("gfn", o.Gfn)}{Of("page", o.Page)}{Of("pages", o.Pages)}{Of("to", o.To)}{Of("with", o.With)}{Of(o.Flags)}");

    private static string Of(MemslotFlags? flags) =>
        (flags?.HasFlag(MemslotFlags.LogDirtyPages) == true ? " logDirtyPages" : "") + (flags?.HasFlag(MemslotFlags.ReadOnly) == true ? " readonly" : "");

    private static string Of(string key, ulong? value) => value is { } number ? string.Create(CultureInfo.InvariantCulture, $" {key} {number}") : "";
}
