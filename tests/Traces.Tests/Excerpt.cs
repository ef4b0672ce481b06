using System.Globalization;
using System.Text;
using System.Threading;

namespace MmuStress.Traces.Tests;

/// <summary>A small trace, written line by line as ftrace prints it.</summary>
internal sealed class Excerpt
{
    private readonly List<string> lines = [];
    private int time = 1000;

    public IReadOnlyList<string> Lines => lines;

    /// <summary>A VM with two vCPUs in which a fault is overtaken by an invalidation, tried again and fixed; two invalidations overlap.</summary>
    public static Excerpt OfProbes()
    {
        var t = new Excerpt();
        t.Raw("# tracer: nop");
        t.Add("main-100", "d..1.", "kvm_update_master_clock: masterclock 0 hostclock tsc offsetmatched 0");
        t.Add("main-100", ".....", "kvm_apicv_inhibit_changed: set reason=2, inhibits=0x4");
        t.Slot(1);
        t.SpteChanged("main-100", 0x1004, 0, 0x2d7be67); // in advance
        t.Add("vcpu0-101", "d..1.", "kvm_entry: vcpu 0, rip 0x1000");
        t.Add("vcpu1-102", "d..1.", "kvm_entry: vcpu 1, rip 0x1000");
        t.PageFault(0, 0x1003);
        t.Faultin(0, 0x1003, seq: 0);
        t.Begin("mut0-103", 0x7f0000003000, 0x7f0000005000, seq: 0, inProgress: 0);
        t.SpteChanged("mut0-103", 0x1004, 0x2d7be67, 0);
        t.Begin("mut1-104", 0x7f0000001000, 0x7f0000004000, seq: 0, inProgress: 1);
        t.End("mut0-103", 0x7f0000003000, 0x7f0000005000, seq: 0, inProgress: 2);
        t.Check(0, 0x1003, snapshot: 0, seq: 1, inProgress: 1, 0x7f0000001000, 0x7f0000005000, stale: 1);
        t.FaultRet(0, 1);
        t.Entry(0);
        t.End("mut1-104", 0x7f0000001000, 0x7f0000004000, seq: 1, inProgress: 1);
        t.PageFault(0, 0x1003);
        t.Faultin(0, 0x1003, seq: 2);
        t.Check(0, 0x1003, snapshot: 2, seq: 2, inProgress: 0, 0x7f0000001000, 0x7f0000005000, stale: 0);
        t.Install(0, 0x1003);
        t.FaultRet(0, 4);
        t.Entry(0);
        t.Begin("mut0-103", 0x7f0000008000, 0x7f0000009000, seq: 2, inProgress: 0);
        t.PageFault(1, 0x1006);
        t.Faultin(1, 0x1006, seq: 2);
        t.Check(1, 0x1006, snapshot: 2, seq: 2, inProgress: 1, 0x7f0000008000, 0x7f0000009000, stale: 0);
        t.Install(1, 0x1006);
        t.FaultRet(1, 4);
        t.Entry(1);
        t.End("mut0-103", 0x7f0000008000, 0x7f0000009000, seq: 2, inProgress: 1);
        return t;
    }

    /// <summary>The slot is deleted while an invalidation ends; a fault finds its root obsolete.</summary>
    public static Excerpt OfDeletion()
    {
        var t = new Excerpt();
        t.Slot(1);
        t.Add("vcpu0-101", "d..1.", "kvm_entry: vcpu 0, rip 0x1000");
        t.Entry(0);
        t.Begin("mut1-104", 0x7f0000001000, 0x7f0000004000, seq: 0, inProgress: 0);
        t.Add("mut0-103", ".....", "tracing_mark_write: op=2 begin set_user_memory_region slot=1 flags=0 gpa=[1000000,1000000) hva=7f0000000000");
        t.Add("mut0-103", ".....", "set_memslot: (kvm_set_memslot+0x0/0x4c0 [kvm]) old=0xffff8d667dabe600 new=0x0 change=1");
        t.Add("mut0-103", ".....", "swap_memslots: (kvm_swap_active_memslots+0x0/0x160 [kvm]) as_id=0");
        t.End("mut1-104", 0x7f0000001000, 0x7f0000004000, seq: 0, inProgress: 1);
        t.PageFault(0, 0x2);
        t.Faultin(0, 0x2, seq: 1);
        t.Add("mut0-103", "...1.", "kvm_mmu_zap_all_fast: kvm-mmu-valid-gen 0 used_pages 0");
        t.Check(0, 0x2, snapshot: 1, seq: 1, inProgress: 0, 0x7f0000001000, 0x7f0000004000, stale: 1);
        t.FaultRet(0, 1);
        t.Entry(0);
        t.Add("mut0-103", ".....", "swap_memslots: (kvm_swap_active_memslots+0x0/0x160 [kvm]) as_id=0");
        t.Add("mut0-103", ".....", "tracing_mark_write: op=2 end set_user_memory_region rc=0 errno=0");
        return t;
    }

    /// <summary>A VM of which only stock events are there: two pages are mapped and dropped, and a fault is tried again meanwhile.</summary>
    public static Excerpt OfStock()
    {
        var t = new Excerpt();
        t.StartVm();
        t.Fault(0, 0x1003);
        t.Fault(0, 0x1004);
        t.Operation("mut0-103", "op=2 begin madvise_dontneed hva=[7f0000003000,7f0000005000)");
        t.Unmap("mut0-103", 0x7f0000003000, 0x7f0000005000);
        t.SpteChanged("mut0-103", 0x1003, 0x2e62e67, 0);
        t.PageFault(1, 0x1003);
        t.SpteChanged("mut0-103", 0x1004, 0x2e62e67, 0);
        t.Entry(1);
        t.Operation("mut0-103", "op=2 end madvise_dontneed rc=0 errno=0");
        t.Fault(1, 0x1003);
        return t;
    }

    /// <summary>A VM with one memslot and two vCPUs in the guest.</summary>
    public void StartVm()
    {
        Raw("# tracer: nop");
        Add("main-100", "d..1.", "kvm_update_master_clock: masterclock 0 hostclock tsc offsetmatched 0");
        Add("main-100", ".....", "kvm_apicv_inhibit_changed: set reason=2, inhibits=0x4");
        Operation("main-100", "op=1 begin set_user_memory_region slot=1 flags=0 gpa=[1000000,1400000) hva=7f0000000000");
        Operation("main-100", "op=1 end set_user_memory_region rc=0 errno=0");
        Entry(0);
        Entry(1);
    }

    /// <summary>A fault from kvm_exit to kvm_entry that maps a page.</summary>
    public void Fault(int vcpu, ulong gfn)
    {
        PageFault(vcpu, gfn);
        Install(vcpu, gfn);
        Entry(vcpu);
    }

    public void Requested(int vcpu, ulong gfn) => Add(Vcpu(vcpu), "...1.", $"kvm_mmu_spte_requested: gfn {gfn:x} pfn 2e62 level 1");

    public void SetSpte(int vcpu, ulong gfn, ulong spte) => Add(Vcpu(vcpu), "...1.", $"kvm_mmu_set_spte: gfn {gfn:x} spte {spte:x} (rwxu) level 1 at {At(gfn):x}");

    public void FastFixed(int vcpu, ulong gfn, ulong old) =>
        Add(Vcpu(vcpu), ".....", $"fast_page_fault: vcpu {vcpu} gva {gfn << 12:x} error_code P|W|U sptep 00000000fd814e66 old 0x{old:x} new {old | 2:x} spurious 0 fixed 1");

    public void Unmap(string task, ulong start, ulong end) => Add(task, ".....", $"kvm_unmap_hva_range: mmu notifier unmap range: 0x{start:x16} -- 0x{end:x16}");

    public void Operation(string task, string text) => Add(task, ".....", $"tracing_mark_write: {text}");

    public void Raw(string line) => lines.Add(line);

    public void Add(string task, string flags, string text) => lines.Add(string.Create(CultureInfo.InvariantCulture, $"{task,20}     [001] {flags}    {time / 1000}.{time++ % 1000:000000}: {text}"));

    public void Slot(int operation)
    {
        Add("main-100", ".....", $"tracing_mark_write: op={operation} begin set_user_memory_region slot=1 flags=0 gpa=[1000000,1400000) hva=7f0000000000");
        Add("main-100", ".....", "set_memslot: (kvm_set_memslot+0x0/0x4c0 [kvm]) old=0x0 new=0xffff8d667dabe600 change=0");
        Add("main-100", ".....", "swap_memslots: (kvm_swap_active_memslots+0x0/0x160 [kvm]) as_id=0");
        Add("main-100", ".....", $"tracing_mark_write: op={operation} end set_user_memory_region rc=0 errno=0");
    }

    public void PageFault(int vcpu, ulong gfn)
    {
        Add(Vcpu(vcpu), "d..1.", $"kvm_exit: vcpu {vcpu} reason npf rip 0x1000 info1 0x0000000100000006 info2 0x{gfn << 12:x16} intr_info 0x00000000 error_code 0x00000000");
        Add(Vcpu(vcpu), ".....", $"kvm_page_fault: vcpu {vcpu} rip 0x1000 address 0x{gfn << 12:x16} error_code 0x100000006");
    }

    public void Entry(int vcpu) => Add(Vcpu(vcpu), "d..1.", $"kvm_entry: vcpu {vcpu}, rip 0x1000");

    public void Faultin(int vcpu, ulong gfn, int seq)
    {
        Add(Vcpu(vcpu), ".....", $"faultin: (kvm_faultin_pfn+0x0/0x300 [kvm]) gfn=0x{gfn:x} seq={seq}");
        Add(Vcpu(vcpu), ".....", "faultin_ret: (direct_page_fault+0x2bc/0xa80 [kvm] <- kvm_faultin_pfn) ret=0");
    }

    public void Check(int vcpu, ulong gfn, int snapshot, int seq, int inProgress, ulong start, ulong end, int stale)
    {
        ulong hva = gfn >= 0x1000 ? 0x7f0000000000 + ((gfn - 0x1000) << 12) : 0x7e0000000000 + (gfn << 12);
        Add(Vcpu(vcpu), "...1.", $"stale_check: (is_page_fault_stale+0x0/0xb0 [kvm]) gfn=0x{gfn:x} hva=0x{hva:x} mmu_seq={snapshot} seq={seq} in_progress={inProgress} range_start=0x{start:x} range_end=0x{end:x}");
        Add(Vcpu(vcpu), "...1.", $"stale_ret: (direct_page_fault+0x6c7/0xa80 [kvm] <- is_page_fault_stale) ret={stale}");
    }

    public void Install(int vcpu, ulong gfn)
    {
        Add(Vcpu(vcpu), "...1.", $"kvm_mmu_spte_requested: gfn {gfn:x} pfn 2e62 level 1");
        SpteChanged(Vcpu(vcpu), gfn, 0, 0x2e62e67);
        Add(Vcpu(vcpu), "...1.", $"kvm_mmu_set_spte: gfn {gfn:x} spte 2e62e67 (rwxu) level 1 at {At(gfn):x}");
    }

    public void FaultRet(int vcpu, int result) => Add(Vcpu(vcpu), ".....", $"fault_ret: (kvm_mmu_page_fault+0x113/0x980 [kvm] <- direct_page_fault) ret={result}");

    public void SpteChanged(string task, ulong gfn, ulong old, ulong now) => Add(task, "...1.", $"kvm_tdp_mmu_spte_changed: as id 0 gfn {gfn:x} level 1 old_spte {old:x} new_spte {now:x}");

    public void Begin(string task, ulong start, ulong end, int seq, int inProgress)
    {
        Add(task, ".....", $"mn_start: (kvm_mmu_notifier_invalidate_range_start+0x0/0x360 [kvm]) start=0x{start:x} end=0x{end:x} event=1");
        Add(task, ".....", $"kvm_unmap_hva_range: mmu notifier unmap range: 0x{start:x16} -- 0x{end:x16}");
        Add(task, "...1.", $"inv_begin: (kvm_mmu_notifier_invalidate_range_start+0x215/0x360 [kvm]) start=0x{start:x} end=0x{end:x} seq={seq} in_progress={inProgress}");
    }

    public void End(string task, ulong start, ulong end, int seq, int inProgress)
    {
        Add(task, ".....", $"mn_end: (kvm_mmu_notifier_invalidate_range_end+0x0/0x180 [kvm]) start=0x{start:x} end=0x{end:x} event=1");
        Add(task, "...1.", $"inv_end: (kvm_mmu_notifier_invalidate_range_end+0xdf/0x180 [kvm]) start=0x{start:x} last=0x{end - 1:x} seq={seq} in_progress={inProgress}");
    }

    /// <summary>The number, from 1, of the line with this text; the n-th one, from 0.</summary>
    public int Find(string text, int n = 0)
    {
        int at = -1;
        for (; n >= 0; n--)
        {
            at = lines.FindIndex(at + 1, l => l.Contains(text, StringComparison.Ordinal));
            Assert.True(at >= 0, text);
        }

        return at + 1;
    }

    /// <summary>Replaces text in a line.</summary>
    public Excerpt Change(int line, string old, string now)
    {
        Assert.Contains(old, lines[line - 1], StringComparison.Ordinal);
        lines[line - 1] = lines[line - 1].Replace(old, now, StringComparison.Ordinal);
        return this;
    }

    /// <summary>Replaces text wherever it is.</summary>
    public Excerpt ChangeAll(string old, string now)
    {
        Assert.Contains(lines, l => l.Contains(old, StringComparison.Ordinal));
        for (int i = 0; i < lines.Count; i++)
        {
            lines[i] = lines[i].Replace(old, now, StringComparison.Ordinal);
        }

        return this;
    }

    /// <summary>Moves a line to behind another one, both as numbered before.</summary>
    public Excerpt Move(int line, int behind)
    {
        string moved = lines[line - 1];
        lines.Insert(behind, moved);
        lines.RemoveAt(line > behind ? line : line - 1);
        return this;
    }

    public Excerpt Insert(int behind, string line)
    {
        lines.Insert(behind, line);
        return this;
    }

    public Excerpt Remove(int line)
    {
        lines.RemoveAt(line - 1);
        return this;
    }

    public TraceSummary Read() => Read(string.Concat(lines.Select(l => l + "\n")));

    public static TraceSummary Read(string text) => Read(Encoding.Latin1.GetBytes(text));

    public static TraceSummary Read(byte[] text)
    {
        using var stream = new MemoryStream(text);
        return new TraceReader().Read(stream, CancellationToken.None);
    }

    /// <summary>Where the SPTE of a frame is.</summary>
    public static ulong At(ulong gfn) => 0x1218a000 + (8 * (gfn & 0x1ff));

    private static string Vcpu(int vcpu) => $"vcpu{vcpu}-{101 + vcpu}";
}
