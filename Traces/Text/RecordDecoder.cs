namespace MmuStress.Traces;

/// <summary>Reads the fields of an event: kvm and kvmmmu of 6.1 and 6.12, and the probes of docs/traces.md.</summary>
internal static class RecordDecoder
{
    /// <summary>Whether the text has all fields that the event prints.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, ref TraceRecord r) => r.Kind switch
    {
        KvmEvent.Entry => Fields.TryDecimal(text, "vcpu "u8, out r.A) && Fields.TryHex(text, "rip "u8, out _),
        KvmEvent.Exit => TryExit(text, ref r),
        KvmEvent.PageFault => TryPageFault(text, ref r),
        KvmEvent.FastPageFault => Fields.TryDecimal(text, "spurious "u8, out r.A) && Fields.TryDecimal(text, "fixed "u8, out r.B)
            && Fields.TryHex(text, "old "u8, out r.C) && Fields.TryHex(text, "new "u8, out r.D) && Fields.TryHex(text, "gva "u8, out r.E),
        KvmEvent.SpteRequested => Fields.TryHex(text, "gfn "u8, out r.A) && Fields.TryHex(text, "pfn "u8, out r.B) && Fields.TryDecimal(text, "level "u8, out r.C),
        KvmEvent.SetSpte => Fields.TryHex(text, "gfn "u8, out r.A) && Fields.TryHex(text, "spte "u8, out r.B) && Fields.TryDecimal(text, "level "u8, out r.C)
            && Fields.TryHex(text, "at "u8, out _),
        KvmEvent.SpteChanged => Fields.TryHex(text, "gfn "u8, out r.A) && Fields.TryHex(text, "old_spte "u8, out r.B) && Fields.TryHex(text, "new_spte "u8, out r.C)
            && Fields.TryDecimal(text, "level "u8, out r.D) && Fields.TryDecimal(text, "as id "u8, out r.E),
        KvmEvent.UnmapHvaRange => Fields.TryHex(text, "range: "u8, out r.A) && Fields.TryHex(text, "-- "u8, out r.B),
        KvmEvent.SetSpteHva => Fields.TryHex(text, "hva: "u8, out r.A),
        KvmEvent.UserspaceExit => TryUserspaceExit(text, ref r),
        KvmEvent.TrackTsc => Fields.TryDecimal(text, "vcpu_id "u8, out r.A) && Fields.TryDecimal(text, "nr_online "u8, out r.B),
        KvmEvent.MnStart or KvmEvent.MnEnd => Fields.TryHex(text, "start="u8, out r.A) && Fields.TryHex(text, "end="u8, out r.B) && Fields.TryDecimal(text, "event="u8, out r.C),
        KvmEvent.InvBegin => TryInvBegin(text, ref r),
        KvmEvent.InvEnd => TryInvEnd(text, ref r),
        KvmEvent.Faultin => Fields.TryHex(text, "gfn="u8, out r.A) && Fields.TryDecimal(text, "seq="u8, out r.B),
        KvmEvent.StaleCheck => Fields.TryHex(text, "gfn="u8, out r.A) && Fields.TryHex(text, "hva="u8, out r.B) && Fields.TryDecimal(text, "mmu_seq="u8, out r.C)
            && Fields.TryDecimal(text, "seq="u8, out r.D) && Fields.TryDecimal(text, "in_progress="u8, out r.E)
            && Fields.TryHex(text, "range_start="u8, out r.F) && Fields.TryHex(text, "range_end="u8, out r.G),
        KvmEvent.FaultinRet or KvmEvent.StaleRet or KvmEvent.FaultRet => Fields.TryDecimal(text, "ret="u8, out r.A),
        KvmEvent.SetMemslot => Fields.TryDecimal(text, "change="u8, out r.A),
        KvmEvent.SwapMemslots => Fields.TryDecimal(text, "as_id="u8, out r.A),
        KvmEvent.ZapAllFast => Fields.TryDecimal(text, "kvm-mmu-valid-gen "u8, out r.A),
        _ => true,
    };

    // trace-cmd's own text for this event has no vCPU.
    private static bool TryExit(ReadOnlySpan<byte> text, ref TraceRecord r)
    {
        if (!Fields.TryDecimal(text, "vcpu "u8, out r.A))
        {
            r.A = ulong.MaxValue;
        }

        r.D = text.IndexOf("reason npf "u8) >= 0 && Fields.TryHex(text, "info1 "u8, out r.B) && Fields.TryHex(text, "info2 "u8, out r.C) ? 1UL : 0;
        return text.IndexOf("reason "u8) >= 0 && (text.IndexOf("info1"u8) < 0 || text.IndexOf("error_code "u8) >= 0);
    }

    private static bool TryPageFault(ReadOnlySpan<byte> text, ref TraceRecord r)
    {
        if (!Fields.TryDecimal(text, "vcpu "u8, out r.A))
        {
            r.A = ulong.MaxValue;
        }

        return Fields.TryHex(text, "address "u8, out r.B) && Fields.TryHex(text, "error_code "u8, out r.C);
    }

    private static bool TryUserspaceExit(ReadOnlySpan<byte> text, ref TraceRecord r)
    {
        r.B = text.IndexOf("reason error"u8) >= 0 ? 1UL : 0;
        int open = text.LastIndexOf((byte)'(');
        return open >= 0 && text[^1] == ')' && Fields.TryDecimal(text[open..], "("u8, out r.A);
    }

    private static bool TryInvBegin(ReadOnlySpan<byte> text, ref TraceRecord r)
    {
        r.E = text.IndexOf("gfn_start="u8) >= 0 ? 1UL : 0;
        r.F = IsOfNotifier(text);
        bool hasRange = r.E == 1
            ? Fields.TryHex(text, "gfn_start="u8, out r.A) && Fields.TryHex(text, "gfn_end="u8, out r.B)
            : Fields.TryHex(text, "start="u8, out r.A) && Fields.TryHex(text, "end="u8, out r.B);
        return hasRange && Fields.TryDecimal(text, "seq="u8, out r.C) && Fields.TryDecimal(text, "in_progress="u8, out r.D);
    }

    private static bool TryInvEnd(ReadOnlySpan<byte> text, ref TraceRecord r)
    {
        if (!Fields.TryHex(text, "start="u8, out r.A) || !Fields.TryHex(text, "last="u8, out r.B))
        {
            r.A = 0;
            r.B = 0;
        }

        r.F = IsOfNotifier(text);
        return Fields.TryDecimal(text, "seq="u8, out r.C) && Fields.TryDecimal(text, "in_progress="u8, out r.D);
    }

    // Where the probe is, as ftrace prints it; kvm_zap_gfn_range() comes to others as well.
    private static ulong IsOfNotifier(ReadOnlySpan<byte> text) => text.IndexOf("(kvm_mmu_notifier_invalidate_range_"u8) >= 0 ? 1UL : 0;
}
