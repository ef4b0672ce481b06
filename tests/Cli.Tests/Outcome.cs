using System.Text.Json.Nodes;

namespace MmuStress.Cli.Tests;

/// <summary>What a command printed and returned.</summary>
internal sealed record Outcome(int Code, string Out, string Error)
{
    public JsonObject Json => JsonNode.Parse(Out)!.AsObject();

    /// <summary>Asserts that it was refused: exit code 2, one line, nothing on stdout.</summary>
    public Outcome Refused(string message)
    {
        Assert.Equal($"mmu-stress: {message}\n", Error);
        Assert.Equal("", Out);
        Assert.Equal(2, Code);
        return this;
    }
}
