using System.Text;
using System.Text.Json.Nodes;
using MmuStress.Mmu;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

public sealed class StatsTests
{
    [Fact]
    public void Soak_WithStats_WritesTheVmAndEachVcpu()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("new/vm");
        Outcome outcome = Cli.Run("soak", "fault-vs-invalidate", "-v", "2", "-n", "1", "-i", "50", "--stats", path, "--json");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Equal(["vm", "vm.vcpu0", "vm.vcpu1"], Directory.GetFiles(folder.Of("new")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        DocumentedStatistics[] vcpus = [Documented($"{path}.vcpu0"), Documented($"{path}.vcpu1")];
        Assert.Equal((long)outcome.Json["faults"]!, vcpus.Sum(v => (long)v.Values["pf_taken"][0]));
        Assert.Equal((long)outcome.Json["flushes"]!, (long)Documented(path).Values["remote_tlb_flush_requests"][0]);
        Assert.Equal([$"kvm-{Environment.ProcessId}", $"kvm-{Environment.ProcessId}/vcpu-0", $"kvm-{Environment.ProcessId}/vcpu-1"], [Documented(path).Id, .. vcpus.Select(v => v.Id)]);
    }

    [Fact]
    public void Stats_PrintsWhatTheFileSays()
    {
        using var folder = new TemporaryFolder();
        (string vm, string vcpu) = Write(folder);
        Outcome outcome = Cli.Run("stats", vm, vcpu);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Golden.Matches("stats.txt", outcome.Out);
    }

    [Fact]
    public void StatsJson_HasWhatTheFileSays()
    {
        using var folder = new TemporaryFolder();
        (string vm, string vcpu) = Write(folder);
        JsonObject json = Cli.Run("stats", vm, vcpu, "--json").Json;
        Assert.Equal("stats", (string?)json["command"]);
        foreach (JsonNode? file in json["files"]!.AsArray())
        {
            DocumentedStatistics documented = Documented((string)file!["file"]!);
            Assert.Equal(documented.Id, (string?)file["id"]);
            Assert.Equal(documented.Values.Keys, file["statistics"]!.AsArray().Select(s => (string)s!["name"]!));
            foreach (JsonNode? statistic in file["statistics"]!.AsArray())
            {
                ulong[] values = statistic!["values"] is JsonArray several ? several.Select(v => (ulong)v!).ToArray() : [(ulong)statistic["value"]!];
                Assert.Equal(documented.Values[(string)statistic["name"]!], values);
            }
        }
    }

    [Fact]
    public void Stats_BadFile_IsRefusedInOneLineAndNothingIsPrinted()
    {
        using var folder = new TemporaryFolder();
        (string vm, _) = Write(folder);
        string cut = folder.Of("cut");
        File.WriteAllBytes(cut, File.ReadAllBytes(vm)[..500]);
        string text = folder.Write("text", "no statistics at all, but long enough");
        string none = folder.Write("none", "");
        string large = folder.Of("large");
        File.WriteAllBytes(large, new byte[(1 << 20) + 1]);
        Cli.Run("stats", vm, cut).Refused($"{cut}: no statistics: it is cut off, or of another byte order: the block of descriptors ends at 776, the file at 500");
        Cli.Run("stats", text).Refused($"{text}: no statistics: the header has flags 0x73206f6e: it is of another version");
        Cli.Run("stats", none, "--json").Refused($"{none}: no statistics: it is cut off: 0 bytes, and the header alone has 24");
        Cli.Run("stats", large).Refused($"{large}: no statistics: larger than a megabyte");
        Cli.Run("stats", folder.Path).Refused($"{folder.Path}: is a folder");
        Cli.Run("stats", folder.Of("nowhere")).Refused($"{folder.Of("nowhere")}: there is no such file");
    }

    [Fact]
    public void Stats_NameWithControlCharacters_IsRefused()
    {
        using var folder = new TemporaryFolder();
        (string vm, _) = Write(folder);
        byte[] bytes = File.ReadAllBytes(vm);
        bytes[Encoding.ASCII.GetString(bytes).IndexOf("remote", StringComparison.Ordinal)] = 7;
        File.WriteAllBytes(vm, bytes);
        Cli.Run("stats", vm).Refused($"{vm}: no statistics: the name of statistic 0 is no text");
    }

    [Fact]
    public void Soak_StatsCannotBeWritten_IsRefusedAtOnce()
    {
        using var folder = new TemporaryFolder();
        string inFile = Path.Combine(folder.Write("file", ""), "vm");
        Outcome outcome = Cli.Run("soak", "fault-vs-invalidate", "--time", "1h", "--stats", inFile);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.StartsWith($"mmu-stress: --stats {folder.Path}/file: cannot be written", outcome.Error, StringComparison.Ordinal);
        Cli.Run("soak", "fault-vs-invalidate", "--time", "1h", "--stats", folder.Path).Refused($"--stats must name a file, not '{folder.Path}'");
    }

    [Fact]
    public void Soak_StatsCannotBeWrittenInTheEnd_SaysSoAfterTheResult()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("vm");
        Directory.CreateDirectory($"{path}.vcpu0");
        Outcome outcome = Cli.Run("soak", "fault-vs-invalidate", "-i", "5", "--stats", path);
        Assert.Equal(2, outcome.Code);
        Assert.StartsWith("held: ", outcome.Out, StringComparison.Ordinal);
        Assert.StartsWith($"mmu-stress: --stats: {path}.vcpu0 cannot be written: ", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Error.Count(c => c == '\n'));
    }

    [Fact]
    public void Soak_StatsOfAScenarioWithoutVm_IsRefused() =>
        Cli.Run("soak", "peer-protocol", "--stats", "never-written").Refused("--stats: scenario peer-protocol has no VM that is counted");

    [Fact]
    public void Soak_WhileItRuns_WritesStatsNowAndThen()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("vm");
        using var interrupter = new Interrupter(_ => File.Exists($"{path}.vcpu0"));
        Outcome outcome = Cli.Run(s => interrupter.Change(s) with { StatisticsInterval = TimeSpan.Zero }, "soak", "fault-vs-invalidate", "--time", "1h", "--stats", path);
        Assert.Equal(130, outcome.Code);
        Assert.Equal(VmStat.All.Count, Documented(path).Values.Count);
        Assert.Equal(VcpuStat.All.Count, Documented($"{path}.vcpu0").Values.Count);
        Assert.DoesNotContain(folder.Files, f => f.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private static DocumentedStatistics Documented(string path) => new(File.ReadAllBytes(path));

    // Of a VM in which one thread did the same as ever.
    private static (string Vm, string Vcpu) Write(TemporaryFolder folder)
    {
        var machine = new Machine.NativeMachine();
        var mm = new HostMm(machine, 16);
        var kvm = new Kvm(machine, mm, new KvmParameters(), MmuArchitectures.LoongArchMended);
        kvm.CreateVcpu();
        var statistics = new KvmStatistics(kvm, "kvm-7");
        kvm.Tracepoints = statistics;
        kvm.SetMemoryRegion(machine.SetupCpu, UserspaceMemoryRegion.OfPages(0, 0, 8, 0)).GetResult();
        kvm.Vcpus[0].GuestWrite(machine.SetupCpu, new Gfn(1).Gpa, 1).GetResult();
        kvm.Vcpus[0].GuestRead(machine.SetupCpu, new Gfn(2).Gpa).GetResult();
        mm.Unmap(machine.SetupCpu, HvaRange.OfPages(2, 3), mayBlock: true).GetResult();
        mm.Unmap(machine.SetupCpu, HvaRange.OfPages(9, 1), mayBlock: true).GetResult();
        Assert.Null(machine.Violation);
        string path = folder.Of("vm");
        File.WriteAllBytes(path, new StatFd(statistics.Vm).ReadAll());
        File.WriteAllBytes($"{path}.vcpu0", new StatFd(statistics.Vcpus[0]).ReadAll());
        return (path, $"{path}.vcpu0");
    }
}
