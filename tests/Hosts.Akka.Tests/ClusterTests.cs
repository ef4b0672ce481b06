using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace MmuStress.Hosts.Akka.Tests;

public sealed class ClusterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Node_KilledInTheMiddle_ItsVmsBeginAgainElsewhere()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("my.conf", "akka.loglevel = INFO");
        string[] addresses = FreeAddresses(3);
        string[] args = ["soak", "fault-vs-invalidate", "-m", "loongarch-mended", "-v", "1", "-n", "1", "--vms", "6", "--time", "30s",
            "--host", "akka", "--cluster", string.Join(',', addresses), "--hocon", file, "--json", "--no-progress", "--listen"];
        using var first = new Node($" runs on {addresses[2]}", [.. args, addresses[0]]);
        using var second = new Node("", [.. args, addresses[1]]);
        using var third = new Node("", [.. args, addresses[2]]);
        await first.HasSaid.WaitAsync(Patience); // the first seed knows of a VM there
        third.Kill();
        (int code, string output) = await first.EndAsync().WaitAsync(Patience);
        (int codeOfSecond, _) = await second.EndAsync().WaitAsync(Patience);
        JsonObject json = JsonNode.Parse(output)!.AsObject();

        Assert.Equal((0, 0), (code, codeOfSecond));
        Assert.Equal((6, 6), ((int)json["vms"]!, (int)json["vmsEnded"]!));
        Assert.True((int)json["restarts"]! > 0, output);
        JsonNode lost = Assert.Single(json["nodes"]!.AsArray(), n => (string?)n!["address"] == addresses[2])!;
        Assert.Equal(("lost", (int)json["restarts"]!, 0), ((string?)lost["state"], (int)lost["vmsMoved"]!, (int)lost["vmsEnded"]!));
        Assert.True((long)json["faults"]! > 0);
    }

    // The first violation anywhere ends all nodes, and each says so with its exit code.
    [Fact]
    public async Task Violation_OnANode_EndsThemAll()
    {
        string[] addresses = FreeAddresses(2);
        string[] args = ["soak", "fault-vs-invalidate", "-m", "loongarch-v20", "-v", "4", "-n", "2", "--vms", "4", "--time", "3m",
            "--host", "akka", "--cluster", string.Join(',', addresses), "--json", "--no-progress", "--listen"];
        using var first = new Node("", [.. args, addresses[0]]);
        using var second = new Node("", [.. args, addresses[1]]);
        (int code, string output) = await first.EndAsync().WaitAsync(Patience);
        (int codeOfSecond, string outputOfSecond) = await second.EndAsync().WaitAsync(Patience);

        Assert.Equal((1, 1), (code, codeOfSecond));
        Assert.Equal("NoStaleMapping", (string?)Assert.Single(JsonNode.Parse(output)!["violations"]!.AsArray())!["invariant"]);
        Assert.Equal("NoStaleMapping", (string?)Assert.Single(JsonNode.Parse(outputOfSecond)!["violations"]!.AsArray())!["invariant"]);
    }

    [Fact]
    public async Task Node_WithOtherParameters_IsRefused()
    {
        string[] addresses = FreeAddresses(2);
        string[] args = ["soak", "fault-vs-invalidate", "--vms", "4", "--time", "3m", "--host", "akka", "--cluster", string.Join(',', addresses), "--no-progress", "--listen"];
        using var first = new Node("", [.. args, addresses[0]]);
        using var second = new Node("", [.. args, addresses[1], "-v", "3"]);

        Assert.Equal((2, ""), await first.EndAsync().WaitAsync(Patience));
    }

    private static string[] FreeAddresses(int count)
    {
        TcpListener[] listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        Array.ForEach(listeners, l => l.Start());
        string[] addresses = Array.ConvertAll(listeners, l => $"127.0.0.1:{((IPEndPoint)l.LocalEndpoint).Port}");
        Array.ForEach(listeners, l => l.Dispose());
        return addresses;
    }
}
