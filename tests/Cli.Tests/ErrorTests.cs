using System.Text;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

public sealed class ErrorTests
{
    private static readonly FakeScenario Fault = new("fault", Expectation.Violated("old", "D1", "NoStaleMapping"), Expectation.Held("new"));
    private static readonly FakeScenario Other = new("other", Expectation.Held("newest"));

    private static readonly string[] Lines =
    [
        "exlore", "verfy peer-protocol", "--hlep", "-v 2", "--json explore",
        "explore", "explore peer-protocl", "explore nonsense", "explore fault.scenario.json", "verify fault.json", "mutate fault.scenario.json", "soak no-such-folder/fault.scenario.json", "explore peer-protocol extra",
        "explore peer-protocol --sead 3", "explore peer-protocol --strateg pct", "explore peer-protocol -z",
        "explore peer-protocol --strategy psc", "soak peer-protocol --memory tso", "explore peer-protocol --memory cs",
        "explore peer-protocol -m old", "explore peer-protocol --without rbm", "explore peer-protocol -s shmen",
        "explore peer-protocol -v 0", "explore peer-protocol -v -1", "explore peer-protocol -v two", "explore peer-protocol -v", "explore peer-protocol -v 1 -v 2",
        "explore peer-protocol -v 99999999999999999999", "explore peer-protocol -v 70", "explore fault-vs-invalidate -v 70", "explore peer-protocol -n -1",
        "explore peer-protocol -b 3Q", "explore peer-protocol -b 0", "explore peer-protocol -b -4K", "explore peer-protocol -b 5", "explore peer-protocol -b 99999999T",
        "explore peer-protocol -x 0", "explore peer-protocol -x 9", "explore peer-protocol -i 0", "explore peer-protocol -i -5", "explore peer-protocol -i 1.5",
        "explore peer-protocol -r -1", "explore peer-protocol --depth 0", "explore peer-protocol --workers 0",
        "explore peer-protocol --time soon", "explore peer-protocol --time 0s", "explore peer-protocol --time -3s", "explore peer-protocol --time 30", "explore peer-protocol --time 99999h",
        "explore all -v 0", "explore all -m old",
        "verify", "verify peer-protocl", "verify peer-protocol -i 0", "verify peer-protocol --bound -1", "verify peer-protocol --strategy pct", "verify peer-protocol --workers 0",
        "verify peer-protocol --memory cs", "verify peer-protocol --time never", "verify all -m old",
        "mutate", "mutate peer-protocl", "mutate peer-protocol -i 0", "mutate peer-protocol --time never", "mutate peer-protocol --workers 0", "mutate all -m old",
        "replay", "replay no-such-file", "replay no-such-folder/file", "replay /", "shrink no-such-file", "explain no-such-file", "explain FILE --html out.html",
        "soak", "soak peer-protocl", "soak peer-protocol --time nonsense", "soak peer-protocol -i 0", "soak peer-protocol -r minus",
        "soak peer-protocol --host fre", "soak peer-protocol --host explored", "explore peer-protocol --host free", "explore peer-protocol --host nowhere",
        "stats", "stats no-such-file", "stats /", "soak peer-protocol --stats", "soak peer-protocol --stats /", "soak peer-protocol --vms 0", "soak peer-protocol --vms 2", "soak peer-protocol --cluster localhost:4053", "soak peer-protocol --nodes 0", "soak peer-protocol --hocon file",
    ];

    [Fact]
    public void Refusals_AreOneLineEach_WithExitCode2()
    {
        var text = new StringBuilder();
        foreach (string line in Lines)
        {
            Outcome outcome = Cli.Run(WithoutOptionalHosts, line.Split(' '));
            Assert.True(outcome.Code == 2, line);
            Assert.True(outcome.Out.Length == 0, line);
            Assert.True(outcome.Error.Count(c => c == '\n') == 1 && outcome.Error.EndsWith('\n'), line);
            text.Append("$ mmu-stress ").Append(line).Append('\n').Append(outcome.Error);
        }

        Golden.Matches("errors.txt", text.ToString());
    }

    [Theory]
    [InlineData("odl", "there is no MMU 'odl'; did you mean 'old'?")]
    [InlineData("nothing", "there is no MMU 'nothing'; 'mmu-stress list' names them")]
    [InlineData("newest", "scenario fault does not run on MMU newest, only on old, new")]
    public void Mmu_Wrong_IsRefused(string mmu, string message) =>
        Cli.Run(Fakes.Only(Fault, Other), "explore", "fault", "-m", mmu).Refused(message);

    [Theory]
    [InlineData("explore", "akka")]
    [InlineData("soak", "akka")]
    public void Host_NotInThisBuild_IsRefused(string verb, string host) =>
        Cli.Run(WithoutOptionalHosts, verb, "peer-protocol", "--host", host).Refused($"host {host} is not in this build; build with -p:Hosts=all");

    [Fact]
    public void UnexpectedException_IsOneLine()
    {
        Outcome outcome = Cli.Run(s => s with { Out = new Unusable() }, "list");
        Assert.Equal(2, outcome.Code);
        Assert.Equal("mmu-stress: unexpected InvalidOperationException: no output today (MMU_STRESS_DEBUG=1 shows where)\n", outcome.Error);
    }

    // A build with -p:Hosts=all has more.
    private static Surroundings WithoutOptionalHosts(Surroundings s) =>
        s with { Hosts = s.Hosts.Where(h => !HostCatalog.Optional.Contains(h.Name, StringComparer.Ordinal)).ToList() };

    private sealed class Unusable : StringWriter
    {
        public override void Write(string? value) => throw new InvalidOperationException("no output\ntoday");
    }
}
