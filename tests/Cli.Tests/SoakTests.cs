using System.Xml.Linq;

namespace MmuStress.Cli.Tests;

public sealed class SoakTests
{
    [Fact]
    public void Soak_Correct_HoldsAndSaysHowFast()
    {
        Outcome outcome = Cli.Run("soak", "peer-protocol", "--time", "50ms", "-v", "3");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Matches(@"^held: \d+\.\d+ s, .* messages, .* accesses, .* accesses/s, no violation   scenario peer-protocol   3 vCPUs, 1 notifier\n$", outcome.Out);
    }

    [Fact]
    public void SoakJson_HasTheKeysOfTheContract()
    {
        Outcome outcome = Cli.Run("soak", "peer-protocol", "-i", "20", "--json"); // rounds, as a busy machine may do nothing in a short time
        Assert.Equal(
            ["command", "scenario", "mmu", "vcpus", "memory", "seconds", "accesses", "faults", "retries", "flushes", "locksElided", "violations"], outcome.Json.Select(p => p.Key));
        Assert.True((long)outcome.Json["accesses"]! > 0);
        Assert.Empty(outcome.Json["violations"]!.AsArray());
    }

    [Fact]
    public void Soak_ActorDoesNotStop_IsADeadlock()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new EndlessScenario();
        string report = folder.Of("report.xml");
        Outcome outcome = Cli.Run(
            s => s with { Scenarios = [scenario], TimeToStop = TimeSpan.FromMilliseconds(1) }, "soak", "endless", "--time", "1ms", "--json", "--junit", report);
        Assert.Equal(1, outcome.Code);
        Assert.Equal("NoDeadlock", (string?)Assert.Single(outcome.Json["violations"]!.AsArray())!["invariant"]);
        Assert.Equal("1", XDocument.Load(report).Root!.Attribute("failures")!.Value);
    }

    [Fact]
    public void Soak_Interrupted_EndsEvenWhenAnActorDoesNot()
    {
        using var scenario = new EndlessScenario();
        using var interrupter = new Interrupter(line => line.StartsWith("soak endless: ", StringComparison.Ordinal));
        Outcome outcome = Cli.Run(s => interrupter.Change(s) with { Scenarios = [scenario], TimeToStopNow = TimeSpan.FromMilliseconds(1) }, "soak", "endless", "--time", "1h");
        Assert.Equal(130, outcome.Code);
        Assert.StartsWith("interrupted: ", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Soak_WithANumberOfRounds_EndsWhenEveryActorHasDoneThem()
    {
        Outcome outcome = Cli.Run("soak", "fault-vs-invalidate", "-v", "2", "-n", "1", "-i", "5", "-r", "3", "--no-progress");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("15 messages", outcome.Out, StringComparison.Ordinal); // 3 actors, a script of 1 message each, 5 rounds
    }
}
