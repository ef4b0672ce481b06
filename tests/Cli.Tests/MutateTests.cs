using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

public sealed partial class MutateTests : IDisposable
{
    private const string Invalidate = "Mmu/Notifier/Kvm.Invalidate.cs";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Mutate_PeerProtocol_ShowsWhatIsNecessary()
    {
        Outcome outcome = Cli.Run("mutate", "peer-protocol", "--out", folder.Path, "--workers", "1");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        string text = Digest().Replace(outcome.Out.Replace(folder.Path, "schedules", StringComparison.Ordinal), "-DIGEST.json");
        Golden.Matches("mutate.txt", Line().Replace(Time().Replace(text, "   TIME;"), ".cs:LINE"));
    }

    [Fact]
    public void MutateJson_HasTheKeysOfTheContract()
    {
        Outcome outcome = Cli.Run("mutate", "peer-protocol", "-v", "1", "--json", "--out", folder.Path);
        Assert.Equal(["command", "scenario", "mmu", "vcpus", "memory", "seconds", "sites"], outcome.Json.Select(p => p.Key));
        List<JsonObject> sites = Sites(outcome);
        Assert.All(sites, s => Assert.Equal(["site", "operation", "kind", "verdict", "complete", "executions", "invariant", "preemptions", "schedule"], s.Select(p => p.Key)));
        Assert.All(sites, s => Assert.Contains((string)s["verdict"]!, (string[])["necessary", "notNeededInScope", "notDetectable"]));
        Assert.All(sites, s => Assert.Equal((string)s["verdict"]! == "necessary", s["schedule"] is not null));
        Assert.Equal("notDetectable", (string)sites.Single(s => (string)s["operation"]! == "smp_rmb()")["verdict"]!);
    }

    // The saved schedule names what is left out, and is run, shrunk and explained without it.
    [Fact]
    public void Mutate_NecessarySite_SavesASchedule()
    {
        Outcome outcome = Cli.Run("mutate", "peer-protocol", "--json", "--out", folder.Path);
        foreach (string file in Sites(outcome).Select(s => (string?)s["schedule"]).OfType<string>())
        {
            Assert.Equal(0, Cli.Run("replay", file).Code);
            Outcome explained = Cli.Run("explain", file);
            Assert.Equal(0, explained.Code);
            Assert.Matches(@"(?m)^without .+\(.*\) at Scenarios/Peers/PeerProtocol\.cs:\d+$", explained.Out);
            Assert.Equal(0, Cli.Run("shrink", file, "--no-progress").Code);
        }

        Assert.NotEmpty(folder.Files);
    }

    // Without the checks, the counts and the locks a fault maps a page that the host has taken away.
    [Theory]
    [InlineData("check(mmu_invalidate_in_progress)", "NoStaleMapping")]
    [InlineData("check(mmu_invalidate_seq)", "NoStaleMapping")]
    [InlineData("WRITE_ONCE(mmu_invalidate_seq)", "NoStaleMapping")]
    public void Mutate_RetryProtocol_IsNecessary(string operation, string invariant)
    {
        Outcome outcome = Cli.Run("mutate", "fault-vs-invalidate", "-m", "loongarch-mended", "--site", operation, "--json", "--out", folder.Path);
        JsonObject site = Assert.Single(Sites(outcome));
        Assert.StartsWith(Invalidate, (string)site["site"]!, StringComparison.Ordinal);
        Assert.Equal(("necessary", invariant), ((string)site["verdict"]!, (string)site["invariant"]!));
        Assert.InRange((int)site["preemptions"]!, 0, 2);
        Assert.Equal(0, Cli.Run("replay", (string)site["schedule"]!).Code);
    }

    // Scenarios that were made because no other needed these.
    [Theory]
    [InlineData("kick-after-migration", "WRITE_ONCE(vcpu->cpu)", "NoPageUseAfterFree")]
    [InlineData("dirty-log-enable", "kvm_flush_remote_tlbs()", "DirtyLogComplete")]
    [InlineData("dirty-log-vs-delete", "mutex_lock(slots_lock)", "SlotLifetime")]
    [InlineData("fast-path-vs-unmap", "atomic_add_return(page.refcount)", "PageReferences")]
    public void Mutate_ScenarioMadeForIt_ShowsThatItIsNecessary(string scenario, string operation, string invariant)
    {
        Outcome outcome = Cli.Run("mutate", scenario, "-m", "loongarch-mended", "--site", operation, "--json", "--out", folder.Path);
        List<JsonObject> sites = Sites(outcome).Where(s => (string)s["verdict"]! != "notDetectable").ToList();
        Assert.NotEmpty(sites);
        Assert.All(sites, s => Assert.Equal(("necessary", invariant), ((string)s["verdict"]!, (string)s["invariant"]!)));
        Assert.All(sites, s => Assert.Equal(0, Cli.Run("replay", (string)s["schedule"]!).Code));
    }

    // The snapshot may be an old one: then the fault is retried once more.
    [Fact]
    public void Mutate_NotNeeded_SaysWhetherAllWasSearched()
    {
        string[] options = ["mutate", "vma-vs-fault", "-m", "loongarch-mended", "--site", "READ_ONCE(mmu_invalidate_seq)", "--json", "--out", folder.Path];
        JsonObject complete = Assert.Single(Sites(Cli.Run(options)));
        Assert.Equal(("notNeededInScope", true), ((string)complete["verdict"]!, (bool)complete["complete"]!));
        JsonObject sampled = Assert.Single(Sites(Cli.Run([.. options, "-v", "3", "-n", "2", "--time", "1ms", "-i", "100"])));
        Assert.Equal(("notNeededInScope", false), ((string)sampled["verdict"]!, (bool)sampled["complete"]!));
    }

    // The same barrier that makes no difference under sequential consistency; here a write barrier on the other side pairs with it.
    [Fact]
    public void Mutate_Barrier_IsNecessaryUnderTheKernelsModel()
    {
        Outcome outcome = Cli.Run("mutate", "peer-protocol-rel", "--memory", "lkmm", "--site", "smp_rmb", "--json", "--out", folder.Path);
        JsonObject site = Assert.Single(Sites(outcome));
        Assert.Equal(("necessary", "NoStaleMapping"), ((string)site["verdict"]!, (string)site["invariant"]!));
        Outcome explained = Cli.Run("explain", (string)site["schedule"]!);
        Assert.Contains("host_pte => 1 (old: overwritten at step", explained.Out, StringComparison.Ordinal);
    }

    // KVM looks the page up without the lock that its unmapping holds: only the barrier keeps what it finds from being older than the count.
    [Theory]
    [InlineData("sc", "notDetectable", null)]
    [InlineData("lkmm", "necessary", "NoStaleMapping")]
    public void Mutate_BarrierOfTheRetryProtocol_ShowsUnderTheKernelsModel(string memory, string verdict, string? invariant)
    {
        Outcome outcome = Cli.Run(
            "mutate", "fault-vs-invalidate", "-m", "loongarch", "--without", "page_table_lock", "--memory", memory, "--site", "smp_rmb", "--json", "--out", folder.Path);
        JsonObject site = Assert.Single(Sites(outcome));
        Assert.Equal((verdict, invariant), ((string)site["verdict"]!, (string?)site["invariant"]));
        if (site["schedule"] is { } schedule)
        {
            Assert.Matches(@"host_pte\[1\] => [0-9]+ \(old:\s+overwritten at step", Cli.Run("explain", (string)schedule!).Out);
        }
    }

    [Fact]
    public void Mutate_ViolatedAnyway_IsRefused() =>
        Cli.Run("mutate", "peer-protocol-buggy", "--out", folder.Path)
            .Refused("scenario peer-protocol-buggy violates NoStaleMapping with nothing left out, so leaving something out says nothing");

    [Fact]
    public void MutateAll_OneSite_HasTheMatrix()
    {
        Scenario[] two = [ScenarioCatalog.Find("fault-vs-invalidate")!, ScenarioCatalog.Find("vma-vs-fault")!];
        Outcome json = Cli.Run(Fakes.Only(two), "mutate", "all", "-m", "loongarch-mended", "--site", "check(mmu_invalidate_seq)", "--json", "--out", folder.Path);
        Assert.Equal((0, ""), (json.Code, json.Error));
        JsonObject site = Assert.Single(Sites(json));
        Assert.Equal(["site", "operation", "kind", "verdict", "complete", "invariant", "schedule", "scenarios"], site.Select(p => p.Key));
        Assert.Equal(("necessary", "NoStaleMapping"), ((string)site["verdict"]!, (string)site["invariant"]!));
        Assert.Equal(["fault-vs-invalidate", "vma-vs-fault"], site["scenarios"]!.AsArray().Select(s => (string)s!["scenario"]!));
        Outcome text = Cli.Run(Fakes.Only(two), "mutate", "all", "-m", "loongarch-mended", "--site", "check(mmu_invalidate_seq)", "--out", folder.Path);
        Assert.Matches(@"2 scenarios, 1 operation, 2 trials: 1 necessary, 0 that no scenario needs, 0 not detectable", text.Out);
    }

    // What is violated under a weak model only holds under the other: LA-U6.
    [Theory]
    [InlineData("sc", "kick-after-migration fault-vs-invalidate")]
    [InlineData("tso", "fault-vs-invalidate")]
    public void MutateAll_TakesTheScenariosThatHoldUnderTheModel(string memory, string held)
    {
        Scenario[] two = [ScenarioCatalog.Find("kick-after-migration")!, ScenarioCatalog.Find("fault-vs-invalidate")!];
        Outcome outcome = Cli.Run(Fakes.Only(two), "mutate", "all", "-m", "loongarch-mended", "--memory", memory, "--site", "WRITE_ONCE(mmu_invalidate_seq)", "-i", "10", "--out", folder.Path);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.All(two, s => Assert.Equal(held.Contains(s.Name, StringComparison.Ordinal), outcome.Out.Contains($" {s.Name}\n", StringComparison.Ordinal)));
    }

    [Fact]
    public void Mutate_Interrupted_PrintsWhatIsDone()
    {
        using var interrupter = new Interrupter(line => line.Contains(" operations", StringComparison.Ordinal));
        Outcome outcome = Cli.Run(interrupter.Change, "mutate", "fault-vs-invalidate", "--time", "100s", "-i", "1000000000", "--workers", "1", "--out", folder.Path);
        Assert.Equal(130, outcome.Code);
        Assert.Contains("interrupted after ", outcome.Out, StringComparison.Ordinal);
    }

    private static List<JsonObject> Sites(Outcome outcome) => outcome.Json["sites"]!.AsArray().Select(s => s!.AsObject()).ToList();

    [GeneratedRegex("-[0-9a-f]{4}(-[0-9]+)?\\.json")]
    private static partial Regex Digest();

    [GeneratedRegex("\\.cs:[0-9]+")]
    private static partial Regex Line();

    [GeneratedRegex("   [0-9.]+ s;")]
    private static partial Regex Time();
}
