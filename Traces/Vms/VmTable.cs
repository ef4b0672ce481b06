using System.Text;

namespace MmuStress.Traces;

/// <summary>Which thread is of which VM.</summary>
/// <remarks>
/// A thread group is a VM where it is printed. Else a vCPU's number tells VMs apart, as a VM has each only once, and a thread is of the VM
/// whose threads have the nearest lower process ids; callbacks of other threads (ksmd, kswapd) go by their addresses.
/// </remarks>
internal sealed class VmTable(Findings findings, Explainer explainer, WindowCollection? windows)
{
    private const int MostLive = 64;
    private const int MostKept = 64;
    private const int MostThreads = 1 << 16;
    private readonly Dictionary<int, ThreadState> threads = [];
    private readonly List<VmState> live = [];
    private readonly List<VmSummary> finished = [];
    private ThreadState? last;

    public TraceCounts Total { get; } = new();

    public int VmCount { get; private set; }

    public int Vcpus { get; private set; }

    public IReadOnlyList<VmSummary> Finished => finished;

    public ThreadState ThreadOf(in ParsedLine line)
    {
        if (last is not null && last.Pid == line.Pid)
        {
            return last;
        }

        // Another name without ever having been a vCPU: the process id is used again.
        if (!threads.TryGetValue(line.Pid, out ThreadState? thread) || (thread.Vcpu < 0 && !thread.IsCalled(line.Comm)))
        {
            if (threads.Count >= MostThreads)
            {
                DropIdleThreads();
            }

            thread = new ThreadState { Pid = line.Pid, Comm = Encoding.Latin1.GetString(line.Comm) };
            threads[line.Pid] = thread;
        }

        return last = thread;
    }

    /// <summary>The VM of an event.</summary>
    public VmState VmOf(ThreadState thread, in TraceRecord r)
    {
        switch (r.Kind)
        {
            case KvmEvent.ApicvInhibit when thread.Last == KvmEvent.MasterClock && thread.Vm is { Vcpus.Count: 0 } begun && begun.Owner == thread:
                begun.BeginsHere();
                thread.IsVmCertain = true;
                return begun;
            case KvmEvent.ApicvInhibit when thread.Last == KvmEvent.MasterClock && thread.Vcpu < 0 && (thread.Vm is not { } made || made.Owner != thread || made.Vcpus.Count > 0):
            case KvmEvent.TrackTsc when r is { A: 0, B: 1 } && thread.Vm is { Vcpus.Count: > 0 } && thread.Vcpu < 0:
                VmState created = Create(thread, r);
                created.BeginsHere();
                thread.IsVmCertain = true;
                return created;
            case KvmEvent.Entry or KvmEvent.Exit or KvmEvent.PageFault when r.A < int.MaxValue && thread.Vcpu != (int)r.A:
                VmState mine = VmOfVcpu(thread, (int)r.A, r);
                mine.Tgid = mine.Vcpus.Count == 0 && r.Tgid != 0 ? r.Tgid : mine.Tgid;
                mine.Bind((int)r.A, thread);
                if (r.Tgid == 0 && live.Count > 1)
                {
                    Doubt(mine);
                }

                return mine;
            case KvmEvent.MnEnd or KvmEvent.InvBegin or KvmEvent.InvEnd when thread.Open.Count > 0 && thread.Open[^1].Vm is { } vm:
                return vm;
            case KvmEvent.MnStart or KvmEvent.UnmapHvaRange when !thread.IsVmCertain && live.Count > 1 && WithSlot(r.A, r.B) is { } vm:
                return thread.Vm = vm;
            case KvmEvent.SpteChanged when r.Tgid == 0 && thread.Vcpu < 0 && live.Count > 1 && !SpteBits.IsEmpty(r.B):
                VmState holder = Holder(thread, r);
                thread.Vm = thread.IsVmCertain ? thread.Vm : holder;
                return holder;
            case KvmEvent.MasterClock when thread.Vm is null && live.Count > 0:
                // May be the first of a VM that is being made.
                return Guess(thread, r);
            default:
                return thread.Vm ??= Guess(thread, r);
        }
    }

    /// <summary>The VM that an operation is about which a marker names; null where there is none yet.</summary>
    public VmState? OfMarker(ThreadState thread, in TraceRecord r)
    {
        if (thread is { IsVmCertain: false, SlotMarker: { } slot } && live.Count > 1 && WithSlot(slot.Hva, slot.Hva + 1) is { } vm)
        {
            thread.Vm = vm;
        }
        else if (thread.Vm is null && live.Count > 0)
        {
            thread.Vm = Guess(thread, r);
        }

        return thread.Vm;
    }

    /// <summary>Events were lost.</summary>
    /// <param name="since">The line behind which they are missing.</param>
    public void Forget(long since)
    {
        foreach (ThreadState thread in threads.Values)
        {
            thread.Forget();
        }

        live.ForEach(v => v.Forget(since));
    }

    /// <summary>The trace is over, or another recording begins.</summary>
    public void FinishAll()
    {
        while (live.Count > 0)
        {
            Finish(live[0]);
        }

        threads.Clear();
        last = null;
    }

    private void Doubt(VmState vm)
    {
        foreach (VmState other in live)
        {
            if (other != vm && vm.IsMixedWith(other))
            {
                vm.Doubt();
                other.Doubt();
            }
        }
    }

    // The VM whose SPTE it is, if that tells.
    private VmState Holder(ThreadState thread, TraceRecord r)
    {
        VmState guessed = thread.Vm ?? Guess(thread, r);
        return guessed.MayBeHere(r) ?? true ? guessed : live.Find(v => v.MayBeHere(r) == true) ?? guessed;
    }

    // The newest, since addresses of one that has ended unseen may be used again.
    private VmState? WithSlot(ulong start, ulong end) => live.FindLast(v => v.HasSlot(start, end));

    private VmState VmOfVcpu(ThreadState thread, int vcpu, in TraceRecord r)
    {
        if (thread.Vm is { } mine && IsFree(mine) && (!mine.IsGuessed || mine.Tgid == r.Tgid))
        {
            return mine;
        }

        TraceRecord record = r;
        return live.Where(v => IsFree(v) && (v.Tgid == 0 || v.Tgid == record.Tgid || record.Tgid == 0 || v.IsGuessed)).OrderBy(v => v.Tgid != record.Tgid).ThenBy(v => Far(v, thread)).FirstOrDefault()
            ?? Create(thread, r);

        bool IsFree(VmState vm) => !vm.Vcpus.TryGetValue(vcpu, out ThreadState? other) || other == thread;
    }

    private VmState Guess(ThreadState thread, in TraceRecord r)
    {
        int tgid = r.Tgid;
        VmState? found = tgid != 0 ? live.Find(v => v.Tgid == tgid) : null;
        thread.IsVmCertain = found is not null;
        if (found is not null || live.Count == 0)
        {
            return found ?? Create(thread, r);
        }

        return live.MinBy(v => Far(v, thread))!;
    }

    // How far above a thread of the VM the id is; VMs with higher ids only come last.
    private static long Far(VmState vm, ThreadState thread)
    {
        long distance = long.MaxValue;
        foreach (ThreadState other in vm.Vcpus.Values.Append(vm.Owner))
        {
            distance = Math.Min(distance, other.Pid <= thread.Pid ? thread.Pid - other.Pid : int.MaxValue + (long)(other.Pid - thread.Pid));
        }

        return distance;
    }

    // A thread that makes another VM is through with the one before.
    private VmState Create(ThreadState thread, in TraceRecord r)
    {
        if (live.Find(v => v.Owner.Pid == thread.Pid) is { } old)
        {
            Finish(old);
        }
        else if (live.Count >= MostLive)
        {
            Finish(live.MinBy(v => v.LastLine)!);
        }

        WindowCutter? cutter = windows is null ? null : new WindowCutter(windows);
        var vm = new VmState(++VmCount, thread, r.Line, findings, new Conclusions(findings), explainer, cutter) { Tgid = r.Tgid };
        live.Add(vm);
        thread.Vm = vm;
        return vm;
    }

    private void Finish(VmState vm)
    {
        live.Remove(vm);
        foreach (ThreadState thread in threads.Values)
        {
            if (thread.Vm == vm)
            {
                thread.Forget();
                thread.Vm = null;
                thread.Vcpu = -1;
                thread.IsVmCertain = false;
                thread.LastLine = 0;
                thread.BeforeEntryLine = 0;
            }
        }

        VmSummary summary = vm.Finish();
        Total.Add(summary.Counts);
        Vcpus += summary.Vcpus;
        if (finished.Count < MostKept)
        {
            finished.Add(summary);
        }
    }

    private void DropIdleThreads()
    {
        foreach ((int pid, ThreadState thread) in threads)
        {
            if (thread.Vcpu < 0 && thread.Open.Count == 0 && thread.Fault is null && live.TrueForAll(v => v.Owner != thread))
            {
                threads.Remove(pid);
            }
        }
    }
}
