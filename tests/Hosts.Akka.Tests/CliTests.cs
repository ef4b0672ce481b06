using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using MmuStress.Cli;

namespace MmuStress.Hosts.Akka.Tests;

public sealed class CliTests
{
    [Fact]
    public void Explore_OfTheV20Race_SavesAScheduleThatReplaysAndShrinks()
    {
        using var folder = new TemporaryFolder();
        (int code, JsonObject json) = Json("explore", "fault-vs-invalidate", "-m", "loongarch-v20", "--host", "akka", "--out", folder.Path);
        string file = (string)json["violation"]!["schedule"]!;

        Assert.Equal((1, "NoStaleMapping"), (code, (string?)json["violation"]!["invariant"]));
        Assert.Equal("akka", (string?)JsonNode.Parse(File.ReadAllText(file))!["host"]);
        Assert.Equal(0, Run("replay", file).Code);
        Assert.Equal(0, Run("shrink", file).Code);
    }

    [Fact]
    public void Explore_OfTheMendedMmu_HoldsAsInTheOwnHost()
    {
        (int code, JsonObject akka) = Json("explore", "fault-vs-invalidate", "-m", "loongarch-mended", "--host", "akka", "-i", "2000");
        (_, JsonObject own) = Json("explore", "fault-vs-invalidate", "-m", "loongarch-mended", "-i", "2000");

        Assert.Equal(0, code);
        Assert.Equal(((long)own["schedules"]!, (long)own["steps"]!), ((long)akka["schedules"]!, (long)akka["steps"]!));
    }

    [Fact]
    public void Soak_WithSeveralVms_HandlesExactlyTheirRounds()
    {
        (int code, JsonObject json) = Json("soak", "fault-vs-invalidate", "-v", "2", "-n", "1", "-i", "5", "--vms", "7", "--host", "akka");

        Assert.Equal((0, 105, 0), (code, (long)json["messages"]!, (long)json["deadLetters"]!)); // 3 actors, a script of 1 message each
    }

    [Fact]
    public void Soak_WithMalformedHocon_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("my.conf", "akka {");

        Assert.Equal((2, $"mmu-stress: {file}: it is no HOCON: line 1: '{{' is not closed\n"), Refused("soak", "mixed", "--host", "akka", "--hocon", file));
    }

    [Theory]
    [InlineData("nowhere", "a node is HOST:PORT, not 'nowhere'")]
    [InlineData("localhost:99999", "a node is HOST:PORT, not 'localhost:99999'")]
    [InlineData("localhost:0", "a seed node has a port other than 0")]
    public void Cluster_WithAnAddressThatIsNone_IsRefused(string seeds, string problem) =>
        Assert.Equal((2, $"mmu-stress: scenario mixed cannot be soaked like that: {problem}\n"), Refused("soak", "mixed", "--host", "akka", "--cluster", seeds));

    [Fact]
    public void Cluster_WithAPortInUse_IsRefused()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string node = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        (int code, string error) = Refused("soak", "mixed", "--host", "akka", "--cluster", node, "--listen", node);

        Assert.Equal(2, code);
        Assert.StartsWith($"mmu-stress: node {node} cannot listen: ", error, StringComparison.Ordinal);
        Assert.Single(error, c => c == '\n');
    }

    [Fact]
    public void Cluster_WithoutASeedNodeThatAnswers_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("my.conf", "akka.cluster.shutdown-after-unsuccessful-join-seed-nodes = 1s\nakka.loglevel = OFF");
        string node = "127.0.0.1:1";

        Assert.Equal((2, $"mmu-stress: no seed node answers: {node}\n"), Refused("soak", "mixed", "--host", "akka", "--cluster", node, "--hocon", file));
    }

    private static (int Code, string Error) Refused(params string[] args)
    {
        (int code, string output, string error) = Run([.. args, "--no-progress"]);
        Assert.Equal("", output);
        return (code, error);
    }

    private static (int Code, JsonObject Json) Json(params string[] args)
    {
        (int code, string output, string error) = Run([.. args, "--json", "--no-progress"]);
        Assert.Equal("", error);
        return (code, JsonNode.Parse(output)!.AsObject());
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = CommandLine.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
