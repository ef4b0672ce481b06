using System.Globalization;
using MmuStress.Explorer;
using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <summary>Draws a fault and an invalidation as a recording, each line with its number in the trace.</summary>
internal static class RaceText
{
    public static TraceRace Of(long distance, bool isRetried, FaultState fault, Invalidation invalidation, RecentRecords recent)
    {
        var events = new List<TraceEvent>();
        foreach (TraceRecord r in recent.Of(fault.Thread.Pid, invalidation.Thread.Pid, Math.Min(fault.Line, invalidation.Line)))
        {
            if (Text(r) is { } text)
            {
                events.Add(new TraceEvent(events.Count + 1, r.Pid == fault.Thread.Pid ? 0 : 1, null, 0, "", 0, string.Create(CultureInfo.InvariantCulture, $"{r.Line,6} {text}")));
            }
        }

        var recording = new Recording([fault.Thread.ToString(), invalidation.Thread.ToString()], events, null, -1, [], events.Count, 0);
        return new TraceRace(distance, isRetried, fault.Line, recording);
    }

    private static string? Text(in TraceRecord r) => r.Kind switch
    {
        KvmEvent.Entry => "kvm_entry",
        KvmEvent.PageFault => $"kvm_page_fault gfn {r.B >> PageSize.Shift:x}{((r.C & 2) != 0 ? ", write" : "")}",
        KvmEvent.FastPageFault => $"fast_page_fault {(r.B == 1 ? "fixed" : r.A == 1 ? "spurious" : "no")}",
        KvmEvent.SpteRequested => $"  kvm_mmu_spte_requested gfn {r.A:x} pfn {r.B:x}",
        KvmEvent.SetSpte => $"  kvm_mmu_set_spte gfn {r.A:x} {r.B:x}",
        KvmEvent.SpteChanged => $"  spte gfn {r.A:x} {r.B:x} -> {r.C:x}",
        KvmEvent.UnmapHvaRange => $"kvm_unmap_hva_range [{r.A:x}, {r.B:x})",
        KvmEvent.SetSpteHva => $"  kvm_set_spte_hva {r.A:x}",
        KvmEvent.MnEnd => "invalidate_range_end",
        KvmEvent.InvBegin => $"  kvm_mmu_invalidate_begin() in_progress {(long)r.D} -> {(long)r.D + 1}",
        KvmEvent.InvEnd => $"  kvm_mmu_invalidate_end() seq {r.C} -> {r.C + 1}",
        KvmEvent.Faultin => $"kvm_faultin_pfn() seq {r.B}",
        KvmEvent.StaleCheck => $"  is_page_fault_stale() mmu_seq {r.C} seq {r.D} in_progress {(long)r.E}",
        KvmEvent.StaleRet => r.A != 0 ? "  => stale" : "  => fresh",
        KvmEvent.FaultRet => r.A == 1 ? "=> retry" : $"=> {(long)r.A}",
        KvmEvent.ZapAllFast => "kvm_mmu_zap_all_fast",
        _ => null,
    };
}
