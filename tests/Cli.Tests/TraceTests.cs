using System.Text.Json.Nodes;
using System.Threading;

namespace MmuStress.Cli.Tests;

public sealed class TraceTests : IDisposable
{
    // A fault is overtaken by an invalidation, tried again and fixed.
    private static readonly string[] Lines =
    [
        "# tracer: nop",
        "           vcpu0-101     [001] d..1.     1.000001: kvm_entry: vcpu 0, rip 0x1000",
        "           vcpu0-101     [001] .....     1.000002: kvm_page_fault: vcpu 0 rip 0x1000 address 0x0000000001003000 error_code 0x100000006",
        "           vcpu0-101     [001] .....     1.000003: faultin: (kvm_faultin_pfn+0x0/0x300 [kvm]) gfn=0x1003 seq=4",
        "            mut0-103     [003] .....     1.000004: mn_start: (kvm_mmu_notifier_invalidate_range_start+0x0/0x360 [kvm]) start=0x7f0000003000 end=0x7f0000005000 event=1",
        "            mut0-103     [003] .....     1.000005: kvm_unmap_hva_range: mmu notifier unmap range: 0x007f0000003000 -- 0x007f0000005000",
        "            mut0-103     [003] ...1.     1.000006: inv_begin: (kvm_mmu_notifier_invalidate_range_start+0x215/0x360 [kvm]) start=0x7f0000003000 end=0x7f0000005000 seq=4 in_progress=0",
        "            mut0-103     [003] .....     1.000007: mn_end: (kvm_mmu_notifier_invalidate_range_end+0x0/0x180 [kvm]) start=0x7f0000003000 end=0x7f0000005000 event=1",
        "            mut0-103     [003] ...1.     1.000008: inv_end: (kvm_mmu_notifier_invalidate_range_end+0xdf/0x180 [kvm]) start=0x7f0000003000 last=0x7f0000004fff seq=4 in_progress=1",
        "           vcpu0-101     [001] ...1.     1.000009: stale_check: (is_page_fault_stale+0x0/0xb0 [kvm]) gfn=0x1003 hva=0x7f0000003000 mmu_seq=4 seq=5 in_progress=0 range_start=0x7f0000003000 range_end=0x7f0000005000",
        "           vcpu0-101     [001] ...1.     1.000010: stale_ret: (direct_page_fault+0x6c7/0xa80 [kvm] <- is_page_fault_stale) ret=1",
        "           vcpu0-101     [001] .....     1.000011: fault_ret: (kvm_mmu_page_fault+0x113/0x980 [kvm] <- direct_page_fault) ret=1",
        "           vcpu0-101     [001] d..1.     1.000012: kvm_entry: vcpu 0, rip 0x1000",
        "           vcpu0-101     [001] .....     1.000013: kvm_new_event: of a later kernel",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Trace_WithProbes_SaysWhatHappened()
    {
        Outcome outcome = Cli.Run("trace", Write("a.trace", Lines));
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Golden.Matches("trace.txt", outcome.Out.Replace(folder.Path, "FOLDER", StringComparison.Ordinal));
    }

    [Fact]
    public void Json_HasTheKeysOfTheContract()
    {
        Outcome outcome = Cli.Run("trace", Write("a.trace", Lines), "--json");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        JsonObject file = outcome.Json["files"]!.AsArray().Single()!.AsObject();
        string[] keys = ["file", "lines", "events", "unknown", "lost", "vcpus", "faults", "retries", "invalidations", "staleVerdicts", "staleAgreed", "verdict", "firstUnexplained", "imported"];
        Assert.Equal(keys, file.Select(p => p.Key).Take(keys.Length));
        Assert.Equal((14, 13, 1, 0, 1), ((int)file["lines"]!, (int)file["events"]!, (int)file["unknown"]!, (int)file["lost"]!, (int)file["vcpus"]!));
        Assert.Equal((1, 1, 1, 1, 1), ((int)file["faults"]!, (int)file["retries"]!, (int)file["invalidations"]!, (int)file["staleVerdicts"]!, (int)file["staleAgreed"]!));
        Assert.Equal(("explained", null), ((string?)file["verdict"], file["firstUnexplained"]));
    }

    [Fact]
    public void Trace_Falsified_ExitsOneWithTheLine()
    {
        string[] lines = [.. Lines.Select(l => l.Contains("stale_ret", StringComparison.Ordinal) ? l.Replace("ret=1", "ret=0", StringComparison.Ordinal) : l)];
        string file = Write("a.trace", lines);
        Outcome outcome = Cli.Run("trace", file);
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        Assert.StartsWith($"{file}: not explained: line 11: gfn 1003: the verdict is fresh, but mmu_invalidate_seq went from 4 to 5", outcome.Out, StringComparison.Ordinal);
        JsonNode json = Cli.Run("trace", file, "--json").Json["files"]![0]!;
        Assert.Equal(("notExplained", 11), ((string?)json["verdict"], (int)json["firstUnexplained"]!["line"]!));
    }

    [Fact]
    public void Trace_OfStockEvents_IsExplained()
    {
        string[] stock = [.. Lines.Where(l => l.Contains(": kvm_", StringComparison.Ordinal))];
        Outcome outcome = Cli.Run("trace", Write("a.trace", stock));
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.EndsWith("explained", outcome.Out.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_OfStockEventsThatNoOrderExplains_ExitsOneWithTheLine()
    {
        string[] stock =
        [
            .. Lines.Where(l => l.Contains(": kvm_", StringComparison.Ordinal)),
            "            mut0-103     [003] ...1.     1.000014: kvm_tdp_mmu_spte_changed: as id 0 gfn 1003 level 1 old_spte 2d7be67 new_spte 0",
            "            mut0-103     [003] ...1.     1.000015: kvm_tdp_mmu_spte_changed: as id 0 gfn 1003 level 1 old_spte 2d7be67 new_spte 0",
        ];
        string file = Write("a.trace", stock);
        Outcome outcome = Cli.Run("trace", file);
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        Assert.StartsWith($"{file}: not explained: line 7: gfn 1003, level 1: the SPTE is 2d7be67, but those before make it 0", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("what no order of the unseen steps explains:\n\n  vcpu0-101                               mut0-103\n", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_OfVmsThatCannotBeToldApart_IsUndecidedAndSaysWhy()
    {
        string[] lines =
        [
            "           vcpu0-101     [001] d..1.     1.000001: kvm_entry: vcpu 0, rip 0x1000",
            "           vcpu0-102     [001] d..1.     1.000002: kvm_entry: vcpu 0, rip 0x1000",
            "           vcpu1-103     [001] d..1.     1.000003: kvm_entry: vcpu 1, rip 0x1000",
            "           vcpu1-104     [001] d..1.     1.000004: kvm_entry: vcpu 1, rip 0x1000",
            "           vcpu0-101     [001] ...1.     1.000005: kvm_tdp_mmu_spte_changed: as id 0 gfn 1003 level 1 old_spte 0 new_spte 2d7be67",
            "           vcpu1-104     [001] ...1.     1.000006: kvm_tdp_mmu_spte_changed: as id 0 gfn 1003 level 1 old_spte 0 new_spte 2d7ce67",
        ];
        Outcome outcome = Cli.Run("trace", Write("a.trace", lines));
        Assert.Equal((3, ""), (outcome.Code, outcome.Error));
        Assert.Contains("undecided: line 6: VMs that ran at the same time can't be told apart", outcome.Out.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void BadInput_IsOneLineAndExitsTwo()
    {
        (string Name, byte[] Bytes)[] bad =
        [
            ("empty", []),
            ("binary", [0x17, 0x08, 0x44, (byte)'t', (byte)'r', 0, 1, 2, (byte)'\n']),
            ("binary-without-lines", [.. Enumerable.Repeat((byte)0, 200_000)]),
            ("no-events", "# tracer: nop\n"u8.ToArray()),
            ("truncated", System.Text.Encoding.ASCII.GetBytes(string.Join('\n', Lines)[..400])),
            ("truncated-inside", System.Text.Encoding.ASCII.GetBytes(string.Concat(Lines.Select((l, i) => (i == 9 ? l[..120] : l) + "\n")))),
        ];
        var errors = new System.Text.StringBuilder();
        foreach ((string name, byte[] bytes) in bad)
        {
            string path = System.IO.Path.Combine(folder.Path, name);
            File.WriteAllBytes(path, bytes);
            Add(path);
        }

        Add(folder.Path);
        Add(System.IO.Path.Combine(folder.Path, "missing"));
        Golden.Matches("trace-errors.txt", errors.ToString());

        void Add(string path)
        {
            Outcome outcome = Cli.Run("trace", path);
            Assert.Equal((2, ""), (outcome.Code, outcome.Out));
            Assert.Equal(1, outcome.Error.Count(c => c == '\n'));
            errors.Append(outcome.Error.Replace(folder.Path, "FOLDER", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Trace_Interrupted_Exits130()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Outcome outcome = Cli.Run(s => s with { Cancellation = cancelled.Token }, "trace", Write("a.trace", Lines), "--json");
        Assert.Equal(130, outcome.Code);
        Assert.Empty(outcome.Json["files"]!.AsArray());
    }

    private string Write(string name, string[] lines)
    {
        string path = System.IO.Path.Combine(folder.Path, name);
        File.WriteAllText(path, string.Concat(lines.Select(l => l + "\n")));
        return path;
    }
}
