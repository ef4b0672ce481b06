using MmuStress.Explorer;

namespace MmuStress.Litmus.Tests;

/// <summary>The Linux-kernel memory model, formula by formula, for finished executions. Slow, and written without a look at <see cref="Lkmm"/>'s shortcuts.</summary>
/// <remarks>Mirrors: linux-kernel.bell, linux-kernel.cat and lock.cat of v6.18.</remarks>
internal static class NaiveLkmm
{
    public static (bool IsConsistent, bool HasRace) Judge(ExecutionGraph g)
    {
        int n = g.Count;
        Pairs Id(Func<int, bool> set) => Pairs.Identity(n, set);
        Pairs Rel(Relation r) => Pairs.Where(n, (a, b) => r[a, b]);
        Pairs Is(params EventKind[] kinds) => Id(e => kinds.Contains(g.Kind(e)));

        bool R(int e) => g.Kind(e) is EventKind.Read or EventKind.LockRead or EventKind.LockFail or EventKind.ReadUnlocked or EventKind.SrcuLock;
        bool W(int e) => g.Kind(e) is EventKind.Write or EventKind.LockWrite or EventKind.Unlock or EventKind.SrcuUnlock;
        bool M(int e) => R(e) || W(e);
        Pairs po = Pairs.Where(n, (a, b) => a < b && g.Cpu(a) == g.Cpu(b));
        Pairs internally = Pairs.Where(n, (a, b) => g.Cpu(a) == g.Cpu(b));
        Pairs externally = Pairs.Where(n, (a, b) => g.Cpu(a) != g.Cpu(b));
        Pairs loc = Pairs.Where(n, (a, b) => g.Location(a) >= 0 && g.Location(a) == g.Location(b));
        Pairs poLoc = Id(M) * (po & loc) * Id(M);
        Pairs co = Rel(g.Co);
        Pairs rf = Pairs.Where(n, (a, b) => R(b) && g.ReadsFrom(b) == a);
        Pairs fr = (rf.Inverse() * co) | Pairs.Where(n, (a, b) => R(a) && g.ReadsFrom(a) == ExecutionGraph.Initial && W(b) && loc[a, b]);
        Pairs rfe = rf & externally, rfi = rf & internally;
        Pairs lkRmw = (Is(EventKind.LockRead) * (po & loc) * Is(EventKind.LockWrite)) - (po * po);
        Pairs rmw = Rel(g.Rmw) | lkRmw;

        bool Tag(int e, EventFlags flag) => g.Flags(e).HasFlag(flag);
        bool Failed(int e) => Tag(e, EventFlags.Rmw) && !Enumerable.Range(0, n).Any(x => rmw[e, x] || rmw[x, e]);
        Pairs acquire = Id(e => (Tag(e, EventFlags.Acquire) && !W(e) && !Failed(e)) || g.Kind(e) == EventKind.LockRead);
        Pairs release = Id(e => (Tag(e, EventFlags.Release) && !R(e) && !Failed(e)) || g.Kind(e) == EventKind.Unlock);
        bool Mb(int e) => Tag(e, EventFlags.Mb) && !Failed(e);
        bool Noreturn(int e) => Tag(e, EventFlags.Noreturn) && !W(e);
        bool IsPlain(int e) => g.Kind(e) is EventKind.Read or EventKind.Write && g.Flags(e) == EventFlags.None;
        Pairs marked = Id(e => !IsPlain(e)), plain = Id(IsPlain);
        Pairs m = Id(M), w = Id(W), r4Rmb = Id(e => R(e) && !Noreturn(e)), yesReturn = Id(e => !Noreturn(e));

        Pairs carryData = (Rel(g.Data) * Id(e => g.Kind(e) != EventKind.SrcuUnlock) * rf).Star();
        Pairs srcuRscs = (Is(EventKind.SrcuLock) * carryData * Rel(g.Data) * Is(EventKind.SrcuUnlock)) & loc;
        Pairs carryDep = (Rel(g.Data) * Id(e => g.Kind(e) != EventKind.SrcuUnlock) * rfi).Star();
        Pairs addr = carryDep * Rel(g.Addr), ctrl = carryDep * Rel(g.Ctrl), data = carryDep * Rel(g.Data);

        Pairs acqPo = acquire * po * m;
        Pairs poRel = m * po * release;
        Pairs poUnlockLockPo = po * Is(EventKind.Unlock) * (po | rf) * Is(EventKind.LockRead) * po;
        Pairs FenceRel(EventKind kind) => po * Is(kind) * po;
        Pairs rmwEvents = Id(e => Tag(e, EventFlags.Rmw));
        Pairs rmb = r4Rmb * FenceRel(EventKind.Rmb) * r4Rmb;
        Pairs wmb = w * FenceRel(EventKind.Wmb) * w;
        Pairs mb = (m * FenceRel(EventKind.Mb) * m)
            | (m * po * Id(e => Mb(e) && R(e)))
            | (Id(e => Mb(e) && W(e)) * po * m)
            | (m * FenceRel(EventKind.BeforeAtomic) * rmwEvents * po.Maybe() * m)
            | (m * po.Maybe() * rmwEvents * FenceRel(EventKind.AfterAtomic) * m)
            | (m * po.Maybe() * Is(EventKind.LockWrite) * FenceRel(EventKind.AfterSpinlock) * m)
            | (m * poUnlockLockPo * Is(EventKind.AfterUnlockLock) * po * m)
            | (m * po.Maybe() * Is(EventKind.SrcuUnlock) * FenceRel(EventKind.AfterSrcuReadUnlock) * m);
        Pairs gp = po * Is(EventKind.SyncRcu, EventKind.SyncSrcu) * po.Maybe();
        Pairs strongFence = mb | gp;
        Pairs nonrwFence = strongFence | poRel | acqPo;
        Pairs fence = nonrwFence | wmb | rmb;

        Pairs com = rf | co | fr;
        if (!(poLoc | com).IsAcyclic || !(rmw & ((fr & externally) * (co & externally))).IsEmpty)
        {
            return (false, false);
        }

        Pairs dep = addr | data;
        Pairs rwdep = (dep | ctrl) * w;
        Pairs overwrite = co | fr;
        Pairs toW = rwdep | (overwrite & internally) | (addr * plain * wmb);
        Pairs toR = (addr * Id(R)) | (dep * marked * rfi);
        Pairs ppo = toR | toW | (fence & internally) | (poUnlockLockPo & internally);
        Pairs ACumul(Pairs r) => (rfe * marked).Maybe() * r;
        Pairs rmwSequence = (rf * rmw).Star();
        Pairs cumulFence = marked * (ACumul(strongFence | poRel) | wmb | poUnlockLockPo) * marked * rmwSequence;
        Pairs prop = marked * (overwrite & externally).Maybe() * cumulFence.Star() * marked * rfe.Maybe() * marked;
        Pairs hb = marked * (ppo | rfe | ((prop - Id(static _ => true)) & internally)) * marked;
        Pairs pb = prop * strongFence * hb.Star() * marked;
        if (!hb.IsAcyclic || !pb.IsAcyclic)
        {
            return (false, false);
        }

        Pairs rcuGp = Is(EventKind.SyncRcu), srcuGp = Is(EventKind.SyncSrcu);
        Pairs rcuRscsi = RcuSections(g, po).Inverse(), srcuRscsi = srcuRscs.Inverse();
        Pairs rcuLink = po.Maybe() * hb.Star() * pb.Star() * prop * po;
        Pairs order = rcuGp | srcuGp;
        while (true)
        {
            Pairs through = rcuLink * order * rcuLink;
            Pairs next = order
                | (rcuGp * rcuLink * rcuRscsi) | ((srcuGp * rcuLink * srcuRscsi) & loc)
                | (rcuRscsi * rcuLink * rcuGp) | ((srcuRscsi * rcuLink * srcuGp) & loc)
                | (rcuGp * through * rcuRscsi) | ((srcuGp * through * srcuRscsi) & loc)
                | (rcuRscsi * through * rcuGp) | ((srcuRscsi * through * srcuGp) & loc)
                | (order * rcuLink * order);
            if ((next - order).IsEmpty)
            {
                break;
            }

            order = next;
        }

        Pairs rcuFence = po * order * po.Maybe();
        fence |= rcuFence;
        strongFence |= rcuFence;
        Pairs rb = prop * rcuFence * hb.Star() * pb.Star() * marked;
        if (!rb.IsIrreflexive)
        {
            return (false, false);
        }

        Pairs xbStar = (hb | pb | rb).Star();
        Pairs vis = cumulFence.Star() * rfe.Maybe() * marked * ((strongFence * marked * xbStar) | (xbStar & internally));
        Pairs wPre = marked * (addr | fence).Maybe();
        Pairs rPre = marked * (addr | nonrwFence | (r4Rmb * FenceRel(EventKind.Rmb) * yesReturn)).Maybe();
        Pairs wPost = fence.Maybe() * marked * rmwSequence;
        Pairs rPost = (nonrwFence | (yesReturn * FenceRel(EventKind.Rmb) * r4Rmb)).Maybe() * marked;
        Pairs wwVis = fence | (strongFence * xbStar * wPre) | (wPost * vis * wPre);
        Pairs wrVis = fence | (strongFence * xbStar * rPre) | (wPost * vis * rPre);
        Pairs rwXbStar = fence | (rPost * xbStar * wPre);
        Pairs preRace = externally & Pairs.Where(n, (a, b) => M(a) && M(b) && (IsPlain(a) || IsPlain(b)));
        Pairs incoherent = preRace & ((rf & rwXbStar.Inverse()) | (fr & wrVis.Inverse()) | (co & wwVis.Inverse()));
        if (!incoherent.IsEmpty)
        {
            return (false, false);
        }

        Pairs wwNonrace = wwVis
            & (Pairs.Where(n, (a, b) => !IsPlain(a) && W(b)) | rwXbStar)
            & (Pairs.Where(n, (a, b) => W(a) && !IsPlain(b)) | wrVis);
        Pairs race = ((preRace & co) - wwNonrace)
            | ((preRace & (co.Maybe() * rf)) - wrVis - rwXbStar.Inverse())
            | ((preRace & fr) - rwXbStar);
        return (true, !race.IsEmpty);
    }

    // let rec matched = matched | (unmatched-locks-to-unlocks \ (unmatched-po ; unmatched-po))
    private static Pairs RcuSections(ExecutionGraph g, Pairs po)
    {
        int n = g.Count;
        var matched = new Pairs(n);
        while (true)
        {
            Pairs so = matched;
            bool Unmatched(int e, EventKind kind) => g.Kind(e) == kind && !Enumerable.Range(0, n).Any(x => so[e, x] || so[x, e]);
            Pairs unmatched = Pairs.Identity(n, e => Unmatched(e, EventKind.RcuLock) || Unmatched(e, EventKind.RcuUnlock));
            Pairs unmatchedPo = unmatched * po * unmatched;
            Pairs pairs = Pairs.Identity(n, e => Unmatched(e, EventKind.RcuLock)) * po * Pairs.Identity(n, e => Unmatched(e, EventKind.RcuUnlock));
            Pairs next = matched | (pairs - (unmatchedPo * unmatchedPo));
            if ((next - matched).IsEmpty)
            {
                return matched;
            }

            matched = next;
        }
    }
}
