using MmuStress.Mmu;

namespace MmuStress.Traces;

/// <content>What a thread's events must be in its own order, whatever the others do.</content>
/// <remarks>
/// Differs: an event that is switched on for a part of the trace only, or filtered, looks like one that is missing. Nothing is concluded from an event before
/// the first of its kind.
/// </remarks>
internal sealed partial class VmState
{
    private const ulong ErrorMask = 0xffff_ffff; // what hardware says
    private const ulong AddressMask = (1UL << 47) - 1; // without the bit of memory encryption
    private const ulong HasGuestMemory = 1 << 2; // KVM_MEM_GUEST_MEMFD
    private const ulong LogsDirtyPages = 1 << 0; // KVM_MEM_LOG_DIRTY_PAGES
    private const int Efault = 14;
    private const int RetPfEmulate = 2;
    private const ulong NoPage = 3UL << 62; // KVM_PFN_ERR_MASK, KVM_PFN_NOSLOT
    private readonly FaultResults results = new();
    private readonly HostPages hostPages = new();
    private readonly List<ThreadState> invalidators = [];
    private bool seesAsync;
    private bool? isWholeVm; // whether its first event is one of those that come as it is made
    private bool seesEntries;
    private bool seesPageFaults;
    private bool seesFast;
    private bool seesFaultins;
    private bool seesStarts;
    private bool seesUnmaps;
    private bool seesEnds;
    private bool knowsFormat;
    private bool seesNotifierEnds;
    private ThreadState? endingThread; // of the last inv_end, until it is sure that the sequence has moved
    private ulong? validGen;

    private void CheckSteps(ThreadState t, in TraceRecord r)
    {
        Refuse(r.Line, NestedFaultProblem(t, r.Kind) ?? ProblemOf(t, r) ?? UnfinishedProblem(t, r.Kind));
        endingThread = t == endingThread || r.Kind is KvmEvent.InvBegin or KvmEvent.StaleCheck ? null : endingThread;
        t.HasBegun |= r.Kind is KvmEvent.Entry or KvmEvent.Exit or KvmEvent.PageFault or KvmEvent.UserspaceExit or KvmEvent.MnStart or KvmEvent.UnmapHvaRange or KvmEvent.Age
            or KvmEvent.ZapAllFast or KvmEvent.SetMemslot;
        switch (r.Kind)
        {
            case KvmEvent.Entry:
                seesEntries = true;
                t.Edge = r.Kind;
                t.Steps.Begin();
                break;
            case KvmEvent.Exit:
                t.Edge = r.Kind;
                t.NestedFault = r.D == 1 ? (r.B, r.C) : null;
                break;
            case KvmEvent.UserspaceExit:
                t.Edge = r.Kind;
                if (t.Fault is { } left)
                {
                    left.IsLeft = true;
                }

                break;
            case KvmEvent.PageFault:
                seesPageFaults = true;
                t.Steps.Begin();
                break;
            case KvmEvent.FastPageFault:
                seesFast = true;
                break;
            case KvmEvent.Async:
                seesAsync = true;
                break;
            case KvmEvent.Faultin:
                seesFaultins = true;
                break;
            case KvmEvent.SpteChanged:
                knowsFormat |= SpteBits.IsPresent(r.C) && !SpteBits.IsLeaf(r.C, (int)r.D);
                if (t.Fault is { IsRequested: true } changing && t.Explained.IsInFault && SpteBits.IsLeaf(r.C, (int)r.D) && Covers(SpteKey.Of(r.E, r.A, (int)r.D), changing.Gfn))
                {
                    (changing.HasChanged, changing.Changed, changing.ChangedLevel, changing.ChangedLine) = (true, r.C, (int)r.D, r.Line);
                }

                break;
            case KvmEvent.SetSpte when t.Fault is { } fault:
                fault.Spte = r.B;
                break;
            case KvmEvent.MnStart:
                seesStarts = true;
                break;
            case KvmEvent.UnmapHvaRange:
                seesUnmaps = true;
                break;
            case KvmEvent.MnEnd:
                seesNotifierEnds = true;
                break;
            case KvmEvent.InvEnd:
                seesEnds = true;
                endingThread = t;
                break;
            case KvmEvent.SetMemslot:
                t.SetMemslotLine = r.Line;
                hostPages.Forget();
                break;
            case KvmEvent.ZapAllFast:
                validGen = r.A;
                break;
        }
    }

    private string? ProblemOf(ThreadState t, in TraceRecord r)
    {
        switch (r.Kind)
        {
            case KvmEvent.Entry:
                return t.Fault is { HasResult: true, Result: < 0, IsLeft: false } failed ? $"the guest is entered, but the fault of line {failed.Line} has failed with {failed.Result}, and user space was not told"
                    : t.Fault is { HasChanged: true, IsSet: false } unset && seesSets && !seesAsync ? $"gfn {unset.Gfn:x}: the SPTE of line {unset.ChangedLine} is installed without kvm_mmu_set_spte"
                    : null;
            case KvmEvent.UserspaceExit:
                return r.B == 1 && r.A == Efault && t.Last == KvmEvent.FaultRet && t.Fault is { HasResult: true, Result: > 0 and not RetPfEmulate } fine
                    ? $"KVM_RUN fails, but the result of the fault of line {fine.Line} is {fine.Result}" : null;
            case KvmEvent.PageFault:
                return PageFaultProblem(t, r);
            case KvmEvent.FastPageFault:
                return FastProblem(t, r);
            case KvmEvent.Mmio:
                return t.Last == KvmEvent.FaultRet && t.Fault is { HasResult: true, Result: RetPfRetry } retried
                    ? $"an instruction is emulated, but the fault of line {retried.Line} is to be tried again" : null;
            case KvmEvent.SpteRequested:
                return WithoutFault(t, "an SPTE is requested") ?? FastLeftOut(t) ?? LevelProblem(t, r.A, r.B, (int)r.C) ?? PageProblem(t, r);
            case KvmEvent.SetSpte:
                return episodes.HasTdpMmu ? SetProblem(t, r) : null;
            case KvmEvent.SpteChanged:
                return EntryProblem(t, r);
            case KvmEvent.SetSpteHva:
                return ChangePteProblem(t, r.A);
            case KvmEvent.ZapAllFast:
                return validGen == r.A && !conclusions.IsDoubtful ? $"mmu_valid_gen is {r.A}, as it was the last time that the roots became obsolete" : null;
            case KvmEvent.Faultin:
                return WithoutFault(t, "kvm_faultin_pfn() is entered") ?? FastLeftOut(t) ?? LagProblem(t, r) ?? t.Steps.Faultin(r.A, t.Last == KvmEvent.Faultin, MustBeOf(t));
            case KvmEvent.FaultinRet:
                string? returned = t.Steps.Return((int)(long)r.A);
                return seesFaultins && t.Fault is { HasResult: false } ? returned : null;
            case KvmEvent.StaleCheck:
                string? check = t.Steps.Check(r.A);
                return seesFaultins && t.Fault is { HasResult: false } ? check ?? HvaProblem(t, r) : null;
            case KvmEvent.StaleRet:
                return seesChecks && t.IsKnown && t.Check == Check.None ? "a verdict without a check" : null;
            case KvmEvent.FaultRet:
                return ResultProblem(t, (int)(long)r.A);
            case KvmEvent.MnStart or KvmEvent.UnmapHvaRange or KvmEvent.InvBegin or KvmEvent.MnEnd or KvmEvent.InvEnd:
                return NotifierProblem(t, r);
            case KvmEvent.SetMemslot:
                return SetMemslotProblem(t, r.A);
            default:
                return null;
        }
    }

    // Whether what the thread does is surely nothing that it began before the trace, or where events were lost.
    private bool HasBegun(ThreadState t) => t.HasBegun || (isSeenFromTheBeginning && !hasLost);

    // npf_interception() prints kvm_page_fault before it does anything else.
    private string? NestedFaultProblem(ThreadState t, KvmEvent kind) =>
        t.Last == KvmEvent.Exit && t.NestedFault is { } fault && seesPageFaults
        && kind is KvmEvent.Entry or KvmEvent.Exit or KvmEvent.UserspaceExit or KvmEvent.FastPageFault or KvmEvent.SpteRequested or KvmEvent.Faultin or KvmEvent.SetSpte
            ? $"the guest was left for a fault at {fault.Gpa:x}, but no kvm_page_fault follows" : null;

    private static bool Covers(SpteKey key, ulong gfn) => key.Gfn <= gfn && gfn < key.End;

    private string? PageFaultProblem(ThreadState t, in TraceRecord r) =>
        t.Last == KvmEvent.PageFault && t.IsKnown && seesEntries ? "a second kvm_page_fault of the same exit from the guest"
        : t.Last == KvmEvent.Exit && t.NestedFault is { } exit && ((exit.Gpa ^ r.B) & AddressMask) != 0
            ? $"the fault is at {r.B:x}, but the guest was left for one at {exit.Gpa:x}"
        : t.Last == KvmEvent.Exit && t.NestedFault is { } said && ((said.Error ^ r.C) & ErrorMask) != 0
            ? $"the fault's error code is {r.C:x}, but the guest was left with {said.Error:x}"
        : null;

    private void ForgetSteps()
    {
        (seesStarts, seesUnmaps, seesEnds, seesNotifierEnds, validGen, endingThread) = (false, false, false, false, null, null);
        invalidators.Clear();
        hostPages.Forget();
    }

    // From an exit to the next entry nothing but a fault, or a page that was waited for, asks for SPTEs.
    private string? WithoutFault(ThreadState t, string what) =>
        t.Fault is null && t.Edge == KvmEvent.Exit && seesPageFaults && !seesAsync ? $"{what} without a kvm_page_fault" : null;

    // page_fault_can_be_fast(): a write to a page that is mapped always tries the fast path first.
    private string? FastLeftOut(ThreadState t) =>
        seesFast && !seesAsync && t.Fault is { HasFast: false, IsRequested: false, IsWrite: true } fault && (fault.Error & PresentError) != 0 && (fault.Error & NestedError) != 0 && (fault.Error & ReservedError) == 0
            ? $"the fault of line {fault.Line}, a write to what is mapped, goes on without fast_page_fault()" : null;

    private string? FastProblem(ThreadState t, in TraceRecord r)
    {
        if (t.Fault is not { } fault)
        {
            return WithoutFault(t, "fast_page_fault");
        }

        bool isMapped = SpteBits.IsPresent(r.C);
        return t.Last == KvmEvent.FastPageFault ? "a second fast_page_fault of the same fault"
            : (fault.Error & NestedError) != 0 && !seesAsync && r.E >> PageSize.Shift != fault.Gfn ? $"fast_page_fault is at {r.E:x}, but the fault of line {fault.Line} at {fault.Gpa:x}"
            : fault.IsRequested && !seesAsync ? $"fast_page_fault, but the fault of line {fault.Line} has asked for its SPTE already"
            : r.A == 1 && r.B == 1 ? "fast_page_fault has both mended the SPTE and found it right"
            : knowsFormat && r.A == 1 && (!isMapped || (fault.IsWrite && !SpteBits.IsWritable(r.C))) ? $"fast_page_fault finds the SPTE {r.C:x} right, which does not allow the access"
            : knowsFormat && r.B == 1 && (!isMapped || (fault.IsWrite && SpteBits.IsWritable(r.C))) ? $"fast_page_fault mends the SPTE {r.C:x}, which {(isMapped ? "allows the access" : "maps nothing")}"
            : null;
    }

    // mmu.c, kvm_mmu_hugepage_adjust(): a huge page is all in one memslot, and in none whose dirty pages are logged.
    private string? LevelProblem(ThreadState t, ulong gfn, ulong pfn, int level)
    {
        SpteKey key = SpteKey.Of(0, gfn, level);
        if (((gfn ^ pfn) & (key.End - key.Gfn - 1)) != 0)
        {
            return $"gfn {gfn:x}: page {pfn:x} is requested at level {level}, but is elsewhere in its huge page";
        }

        if (level <= 1 || t.Fault is not { } fault || !AreSlotsKnownSince(fault.Line))
        {
            return null;
        }

        foreach (SlotMarker slot in slots)
        {
            if (slot.FirstGfn <= gfn && gfn < slot.FirstGfn + slot.Pages)
            {
                return key.Gfn < slot.FirstGfn || key.End > slot.FirstGfn + slot.Pages ? $"gfn {gfn:x}: a page of level {level} is requested, which does not fit into slot {slot.Slot}"
                    : (slot.Flags & LogsDirtyPages) != 0 ? $"gfn {gfn:x}: a page of level {level} is requested in slot {slot.Slot}, whose dirty pages are logged"
                    : null;
            }
        }

        return null;
    }

    private bool AreSlotsKnownSince(long line) => knowsSlots && slotsInFlux == 0 && fluxLine < line;

    private string? PageProblem(ThreadState t, in TraceRecord r)
    {
        if (!seesUnmaps || t.Fault is not { } fault || !AreSlotsKnownSince(fault.Line) || episodes.MayBeInvalidating || seesAsync || HvaOf(r.A << PageSize.Shift) == 0
            || slots.Exists(s => (s.Flags & HasGuestMemory) != 0))
        {
            hostPages.Forget();
            return null;
        }

        SpteKey key = SpteKey.Of(0, r.A, 1);
        invalidators.RemoveAll(i => i.Explained.Invalidations == 0);
        if (invalidators.Exists(i => i.Invalidates(key)))
        {
            hostPages.Invalidate(r.A, r.A + 1);
            return null;
        }

        return hostPages.Request(r.A, r.B, r.Line);
    }

    // Each time the thread's frames were told: they may be of other pages from now on.
    private void InvalidatePages(ThreadState t, List<(ulong First, ulong End)> frames)
    {
        if (!invalidators.Contains(t))
        {
            invalidators.Add(t);
        }

        frames.ForEach(f => hostPages.Invalidate(f.First, f.End));
    }

    private string? SetProblem(ThreadState t, in TraceRecord r)
    {
        if (t.Fault is not { IsRequested: true } fault || (fault.Error & NestedError) == 0 || seesAsync || !t.Explained.IsInFault)
        {
            return null;
        }

        int level = (int)r.C;
        SpteKey key = SpteKey.Of(0, r.A, level);
        return fault.IsSet ? $"gfn {r.A:x}: the fault of line {fault.Line} sets its SPTE a second time"
            : !Covers(key, fault.Gfn) ? $"gfn {r.A:x}: an SPTE is set, but the fault of line {fault.Line} is at gfn {fault.Gfn:x}"
            : SpteBits.IsLeaf(r.B, level) && IsOfAnotherPage(r.B, key, fault) ? $"gfn {r.A:x}: the SPTE {r.B:x} is not of the page that was requested, {fault.RequestedPfn:x}"
            : null;
    }

    private static bool IsOfAnotherPage(ulong spte, SpteKey key, FaultState fault) => SpteBits.ToPfn(spte) + (fault.Gfn - key.Gfn) != fault.RequestedPfn;

    private string? EntryProblem(ThreadState t, in TraceRecord r)
    {
        int level = (int)r.D;
        SpteKey key = SpteKey.Of(r.E, r.A, level);
        if (knowsFormat && (SpteFormat.Problem(r.C, level, episodes.Bits) ?? SpteFormat.Problem(r.B, level, episodes.Bits)) is { } problem)
        {
            return $"gfn {r.A:x}: {problem}";
        }

        if (t.Fault is not { IsRequested: true, HasResult: false } fault || !t.Explained.IsInFault || t.Explained.Invalidations > 0 || (fault.Error & NestedError) == 0 || seesAsync)
        {
            return null;
        }

        return SpteBits.IsEmpty(r.C) ? null
            : !Covers(key, fault.Gfn) ? $"gfn {r.A:x}: an SPTE is set, but the fault of line {fault.Line} is at gfn {fault.Gfn:x}"
            : fault.IsSet ? $"gfn {r.A:x}: an SPTE is changed, but the fault of line {fault.Line} has set its own before"
            : !SpteBits.IsPresent(r.C) && (fault.RequestedPfn & NoPage) == 0 ? $"gfn {r.A:x}: the SPTE {r.C:x} maps nothing, but page {fault.RequestedPfn:x} was requested"
            : null;
    }

    // change_pte is called between the start and the end of an invalidation of the page.
    private string? ChangePteProblem(ThreadState t, ulong hva)
    {
        if (!knowsSlots || slotsInFlux > 0 || episodes.MayBeInvalidating || FramesOf(hva, hva + 1) is not [(ulong gfn, _), ..])
        {
            return null;
        }

        return t.Explained.Invalidations > 0 && t.Invalidates(SpteKey.Of(0, gfn, 1)) ? null : $"kvm_set_spte_hva of {hva:x} outside of any invalidation of its thread";
    }

    private string? LagProblem(ThreadState t, in TraceRecord r) =>
        endingThread is null && chain.Seq is { } seq && r.B < seq ? $"gfn {r.A:x}: mmu_invalidate_seq is {r.B}, but the invalidations before make it {seq}" : null;

    // The fault that kvm_faultin_pfn() must be of: its first, unless it was mended without.
    private FaultState? MustBeOf(ThreadState t) =>
        t.Fault is { HasResult: false, IsFast: false, IsSpurious: false, IsMmio: false, IsAsync: false } fault && seesFaultResults && !t.HasFaultin && (fault.Error & NestedError) != 0 ? fault : null;

    private string? HvaProblem(ThreadState t, in TraceRecord r) =>
        InvalidationChain.HasSlot(r) && t.Fault is { } fault && AreSlotsKnownSince(fault.Line) && HvaOf(r.A << PageSize.Shift) is var hva and not 0 && hva != r.B
            ? $"gfn {r.A:x}: its host virtual address is {r.B:x}, but its memslot is at {hva:x} there" : null;

    private string? ResultProblem(ThreadState t, int result)
    {
        string? wrong = t.Steps.Result(result, checksAll: chain.ByGfn == true);
        return t.Last == KvmEvent.FaultRet ? "a second result of the same fault"
            : t.Last == KvmEvent.Entry && seesFaultins ? "a fault's result while the vCPU is in the guest"
            : wrong is not null && t.Fault is { HasResult: false } ? wrong
            : t.Fault is { HasResult: false, IsSet: true } fault && result < 0 ? $"the result of the fault of line {fault.Line} is {result}, but it has set its SPTE"
            : t.Fault is { HasResult: false } mapped && sptes is not null && seesSets && t.Check != Check.Stale && result >= 0 ? results.Take(mapped, result, seesFast)
            : null;
    }

    // mn_start, kvm_unmap_hva_range, inv_begin, what is zapped, mn_end, inv_end: always in this order.
    private string? NotifierProblem(ThreadState t, in TraceRecord r)
    {
        Invalidation? open = t.Open.Count > 0 ? t.Open[^1] : null;
        switch (r.Kind)
        {
            case KvmEvent.MnStart:
                return seesUnmaps && open is { HasProbe: true, IsUnmapSeen: false } ? $"invalidate_range_start is called again, but its call of line {open.Line} has printed no kvm_unmap_hva_range" : null;
            case KvmEvent.UnmapHvaRange:
                return seesStarts && HasBegun(t) && open is not { HasProbe: true, IsUnmapSeen: false, IsAtEnd: false } ? "kvm_unmap_hva_range without a call of invalidate_range_start" : null;
            case KvmEvent.InvBegin when r.F == 1 && seesStarts && HasBegun(t):
                return open is not { BeginLine: 0 } ? "an invalidation begins outside of invalidate_range_start"
                    : open.HasProbe && !open.IsUnmapSeen && seesUnmaps ? $"the invalidation of line {open.Line} begins before kvm_unmap_hva_range"
                    : SlotRangeProblem(open, r);
            case KvmEvent.InvBegin:
                return open is { BeginLine: 0 } ? SlotRangeProblem(open, r) : null;
            case KvmEvent.MnEnd:
                ulong start = r.A;
                ulong end = r.B;
                Invalidation? mine = t.Open.FindLast(o => o.Start == start && o.End == end && !o.IsAtEnd);
                return mine is null && t.Open.Exists(o => o.Start == start && o.End == end) ? "invalidate_range_end is called a second time"
                    : mine is null ? (t.Open.Count == 0 && seesStarts && isSeenFromTheBeginning && !hasLost && t.LastLine > 0 ? "invalidate_range_end is called without invalidate_range_start before" : null)
                    : mine.HasProbe && !mine.IsUnmapSeen && seesUnmaps ? $"invalidate_range_end is called, but invalidate_range_start of line {mine.Line} has printed no kvm_unmap_hva_range"
                    : mine.BeginLine == 0 && seesBegins && AreSlotsKnownSince(mine.Line) && FramesOf(mine.Start, mine.End).Count > 0 ? $"invalidate_range_end is called, but the invalidation of line {mine.Line}, of a memslot, has not begun"
                    : null;
            default:
                return r.F == 1 && seesStarts && isSeenFromTheBeginning && !hasLost && t.LastLine > 0 && !t.Open.Exists(o => o.BeginLine > 0) ? "an invalidation ends that its thread has not begun" : null;
        }
    }

    private string? SlotRangeProblem(Invalidation open, in TraceRecord r)
    {
        if (!AreSlotsKnownSince(open.Line))
        {
            return null;
        }

        List<(ulong First, ulong End)> frames = FramesOf(open.Start, open.End);
        return frames.Count == 0 ? $"an invalidation of [{open.Start:x}, {open.End:x}) begins, where no memslot is"
            : r.E == 1 && !frames.Contains((r.A, r.B)) ? $"the range begins as gfns [{r.A:x}, {r.B:x}), but invalidate_range_start was called for gfns [{frames[0].First:x}, {frames[0].End:x}) in line {open.Line}"
            : null;
    }

    // make_spte(), fast_page_fault(): a page is marked dirty as its SPTE lets writes through, and surely before the guest is entered.
    private void NoteWrite(FaultState fault, long line)
    {
        bool letsWrite = fault.IsFast ? fault.IsWrite : fault.HasChanged && fault.IsSet && SpteBits.IsWritable(fault.Changed);
        if (letsWrite && fault.ChangedLevel <= 1 && AreSlotsKnownSince(fault.Line) && !seesAsync && Counts.DirtyRing == 0
            && slots.Exists(s => s.FirstGfn <= fault.Gfn && fault.Gfn < s.FirstGfn + s.Pages && (s.Flags & LogsDirtyPages) != 0))
        {
            dirtyLog.Write(fault.Gfn, fault.Line, line);
        }
    }

    // What a thread cannot do before invalidate_range_end, or the whole of it, is over.
    private string? UnfinishedProblem(ThreadState t, KvmEvent kind)
    {
        if (t.Open.Count == 0 || t.Open[^1] is not { HasProbe: true } open || kind is not (KvmEvent.Entry or KvmEvent.Exit or KvmEvent.PageFault or KvmEvent.UserspaceExit or KvmEvent.MnStart
            or KvmEvent.SpteRequested or KvmEvent.SpteChanged or KvmEvent.SetSpte or KvmEvent.SetSpteHva or KvmEvent.StaleCheck or KvmEvent.Marker))
        {
            return null;
        }

        return open is { IsAtEnd: true, BeginLine: > 0 } && seesEnds ? $"the invalidation of line {open.Line} has not ended, although invalidate_range_end was called"
            : !open.IsAtEnd && seesNotifierEnds && kind is KvmEvent.Entry or KvmEvent.Exit or KvmEvent.PageFault or KvmEvent.UserspaceExit or KvmEvent.Marker ? $"invalidate_range_end was not called for the invalidation of line {open.Line}"
            : null;
    }

    private string? SetMemslotProblem(ThreadState t, ulong change)
    {
        if (t.SlotMarker is not { } marker || !knowsSlots || slotsInFlux != 1)
        {
            return null;
        }

        return t.SetMemslotLine > t.OperationLine ? "kvm_set_memslot() is called a second time by the same system call"
            : ChangeOf(marker) is var expected && (ulong)expected != change ? $"the change of slot {marker.Slot} is {change}, but by its marker it is {expected}"
            : null;
    }

    // 0 create, 1 delete, 2 move, 3 flags only.
    private int ChangeOf(SlotMarker marker)
    {
        int at = slots.FindIndex(s => s.Slot == marker.Slot);
        return at < 0 ? 0 : marker.End == marker.Gpa ? 1 : slots[at].Gpa != marker.Gpa ? 2 : 3;
    }

    // A slot was changed, by the marker: kvm_set_memslot() must have done it.
    private string? UnsetProblem(ThreadState t) =>
        t.SlotMarker is { } marker && knowsSlots && seesMemslots && !hasLost && slotsInFlux == 0 && t.SetMemslotLine < t.OperationLine && !slots.Contains(marker)
            ? $"slot {marker.Slot} was changed without kvm_set_memslot()" : null;
}
