using System.Text.Json.Nodes;

namespace MmuStress.Cli.Tests;

public sealed class TraceImportTests : IDisposable
{
    // Page 3 is mapped for writes; it and its neighbour are given back while vCPU 0 faults on it.
    private static readonly string[] Lines =
    [
        "           main-100     [001] d..1.     1.000001: kvm_update_master_clock: masterclock 0 hostclock tsc offsetmatched 0",
        "           main-100     [001] .....     1.000002: tracing_mark_write: op=1 begin set_user_memory_region slot=1 flags=0 gpa=[1000000,1400000) hva=7f0000000000",
        "           main-100     [001] .....     1.000003: tracing_mark_write: op=1 end set_user_memory_region rc=0 errno=0",
        "           vcpu0-101    [001] d..1.     1.000004: kvm_entry: vcpu 0, rip 0x1000",
        "           vcpu0-101    [001] .....     1.000005: kvm_page_fault: vcpu 0 rip 0x1000 address 0x0000000001003000 error_code 0x100000006",
        "           mut0-103     [003] .....     1.000006: tracing_mark_write: op=2 begin madvise_dontneed hva=[7f0000003000,7f0000005000)",
        "           mut0-103     [003] .....     1.000007: kvm_unmap_hva_range: mmu notifier unmap range: 0x007f0000003000 -- 0x007f0000005000",
        "           vcpu0-101    [001] d..1.     1.000008: kvm_entry: vcpu 0, rip 0x1000",
        "           vcpu0-101    [001] .....     1.000009: kvm_page_fault: vcpu 0 rip 0x1000 address 0x0000000001003000 error_code 0x100000006",
        "           mut0-103     [003] .....     1.000010: tracing_mark_write: op=2 end madvise_dontneed rc=0 errno=0",
        "           vcpu0-101    [001] ...1.     1.000011: kvm_mmu_spte_requested: gfn 1003 pfn 2e62 level 1",
        "           vcpu0-101    [001] ...1.     1.000012: kvm_tdp_mmu_spte_changed: as id 0 gfn 1003 level 1 old_spte 0 new_spte 2e62e67",
        "           vcpu0-101    [001] ...1.     1.000013: kvm_mmu_set_spte: gfn 1003 spte 2e62e67 (rwxu) level 1 at 1218a008",
        "           vcpu0-101    [001] d..1.     1.000014: kvm_entry: vcpu 0, rip 0x1000",
    ];

    private readonly TemporaryFolder folder = new();

    private string Target => System.IO.Path.Combine(folder.Path, "imported");

    private string First => System.IO.Path.Combine(Target, "fault-vs-unmap-1.scenario.json");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Import_WritesAScenarioFileForEachWindow()
    {
        Outcome outcome = Cli.Run("trace", Write("a.trace", Lines), "--import", Target);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        string text = outcome.Out.Replace(folder.Path, "FOLDER", StringComparison.Ordinal);
        Golden.Matches("trace-import.txt", text[text.IndexOf("\nimported ", StringComparison.Ordinal)..] + File.ReadAllText(First));
        Assert.Equal([First], Directory.GetFileSystemEntries(Target));
    }

    [Fact]
    public void Explore_OfAnImportedFile_FindsTheRaceOnAPosting()
    {
        Cli.Run("trace", Write("a.trace", Lines), "--import", Target);
        Outcome outcome = Cli.Run("explore", First, "-m", "loongarch-v20", "-i", "5000", "--json", "--out", System.IO.Path.Combine(folder.Path, "out"));
        Assert.Equal((1, "", "fault-vs-unmap-1"), (outcome.Code, outcome.Error, (string)outcome.Json["scenario"]!));
        Assert.Equal("NoStaleMapping", (string)outcome.Json["violation"]!["invariant"]!);
    }

    [Theory]
    [InlineData("x86")]
    [InlineData("loongarch-mended")]
    public void Verify_OfAnImportedFile_HoldsAndIsComplete(string mmu)
    {
        Cli.Run("trace", Write("a.trace", Lines), "--import", Target);
        Outcome outcome = Cli.Run("verify", First, "-m", mmu, "--json", "--out", System.IO.Path.Combine(folder.Path, "out"));
        Assert.Equal((0, true, null), (outcome.Code, (bool)outcome.Json["complete"]!, outcome.Json["violation"]));
        Assert.InRange((int)outcome.Json["schedules"]!, 100, 50_000);
    }

    [Fact]
    public void Json_CountsFilesForTheTraceOfTheirFirstWindow()
    {
        Outcome outcome = Cli.Run("trace", Write("a.trace", Lines), Write("b.trace", Lines), "--import", Target, "--json");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Equal([1, 0], outcome.Json["files"]!.AsArray().Select(f => (int)f!["imported"]!));
        JsonNode import = outcome.Json["imports"]!.AsArray().Single()!;
        Assert.Equal((First, "fault-vs-unmap", 2, "a.trace lines 5 to 14"), ((string)import["file"]!, (string)import["kind"]!, (int)import["windows"]!, (string)import["source"]!));
        Assert.Empty(outcome.Json["leftOut"]!.AsArray());
        Assert.Equal(0, (int)Cli.Run("trace", Write("a.trace", Lines), "--json").Json["files"]![0]!["imported"]!);
    }

    [Fact]
    public void Import_Again_WritesTheSameAndLeavesOtherFilesAlone()
    {
        string trace = Write("a.trace", Lines);
        Cli.Run("trace", trace, "--import", Target);
        byte[] before = File.ReadAllBytes(First);
        string other = System.IO.Path.Combine(Target, "mine.scenario.json");
        File.WriteAllText(other, "mine");
        Outcome outcome = Cli.Run("trace", trace, trace, "--import", Target);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.NotEqual(before, File.ReadAllBytes(First)); // two windows by now
        Cli.Run("trace", trace, "--import", Target);
        Assert.Equal((Convert.ToHexString(before), "mine"), (Convert.ToHexString(File.ReadAllBytes(First)), File.ReadAllText(other)));
    }

    [Fact]
    public void Import_OverAFileOfSomebodyElse_IsRefused()
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(First, "mine");
        Outcome outcome = Cli.Run("trace", Write("a.trace", Lines), "--import", Target);
        Assert.Equal((2, "", "mine"), (outcome.Code, outcome.Out, File.ReadAllText(First)));
        Assert.Equal($"mmu-stress: --import: {First} is there already and was not imported; nothing was written\n", outcome.Error);
    }

    [Fact]
    public void Folder_ThatIsAFile_IsRefusedInOneLine()
    {
        string trace = Write("a.trace", Lines);
        Outcome outcome = Cli.Run("trace", trace, "--import", trace);
        Assert.Equal((2, "", $"mmu-stress: --import {trace}: this is a file, not a folder\n"), (outcome.Code, outcome.Out, outcome.Error));
        outcome = Cli.Run("trace", trace, "--import", System.IO.Path.Combine(trace, "below"));
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Equal(1, outcome.Error.Count(c => c == '\n'));
    }

    [Fact]
    public void Trace_WithoutOverlaps_LeavesAnEmptyFolder()
    {
        Outcome outcome = Cli.Run("trace", Write("a.trace", Lines[..4]), "--import", Target);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Contains("imported 0 windows as 0 scenario files in ", outcome.Out, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Target));
    }

    private string Write(string name, string[] lines)
    {
        string path = System.IO.Path.Combine(folder.Path, name);
        File.WriteAllText(path, string.Concat(lines.Select(l => l + "\n")));
        return path;
    }
}
