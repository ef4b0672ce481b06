using System.Globalization;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Traces;

/// <summary>Draws the end of an episode as a recording: its events up to the first that no order explains, each with its number in the trace.</summary>
internal static class EpisodeText
{
    private const int MostShown = 24;

    /// <summary>What led to an event.</summary>
    /// <param name="episode">The episode.</param>
    /// <param name="at">The event that no order explains.</param>
    /// <param name="reason">Why.</param>
    /// <returns>The events before it and it itself, with the reason.</returns>
    public static Recording Of(Episode episode, int at, string reason)
    {
        int first = Math.Max(0, at + 1 - MostShown);
        List<TraceEvent> events = episode.Events.GetRange(first, at + 1 - first)
            .Select((e, i) => new TraceEvent(i + 1, e.Thread, null, 0, "", 0, string.Create(CultureInfo.InvariantCulture, $"{e.Line,6} {Text(e)}")))
            .ToList();
        return new Recording([.. episode.Threads], events, new Violation(Explanation.NotFound, reason), episode.Events[at].Thread, [], events.Count, 0);
    }

    private static string Text(in EpisodeEvent e) => e.Kind switch
    {
        EpisodeEventKind.Fault => $"kvm_page_fault gfn {e.A:x}{((e.C & 2) != 0 ? ", write" : "")}",
        EpisodeEventKind.FastFixed => $"fast_page_fault fixed gfn {e.A:x} {e.B:x} -> {e.C:x}",
        EpisodeEventKind.FastSeen => $"fast_page_fault sees gfn {e.A:x} {e.B:x}",
        EpisodeEventKind.Requested => $"  kvm_mmu_spte_requested gfn {e.A:x} pfn {e.B:x}",
        EpisodeEventKind.Set => $"  kvm_mmu_set_spte gfn {e.A:x} {e.B:x}",
        EpisodeEventKind.Changed => $"  spte gfn {e.A:x} {(e.D == 1 ? "" : $"level {e.D} ")}{e.B:x} -> {e.C:x}",
        EpisodeEventKind.Unmap or EpisodeEventKind.UnmapElsewhere => $"kvm_unmap_hva_range [{e.A:x}, {e.B:x})",
        EpisodeEventKind.ChangePte => "kvm_set_spte_hva",
        EpisodeEventKind.InvalidateBegin => "  kvm_mmu_invalidate_begin()",
        EpisodeEventKind.InvalidateEnd => "  kvm_mmu_invalidate_end()",
        EpisodeEventKind.ZapAllFast => "  kvm_mmu_zap_all_fast",
        EpisodeEventKind.FaultDone => "=> done",
        EpisodeEventKind.FaultRetried => "=> tried again",
        _ => "goes on to something else",
    };
}
