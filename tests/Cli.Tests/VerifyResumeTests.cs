namespace MmuStress.Cli.Tests;

public sealed class VerifyResumeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("1", "100")]
    [InlineData("2", "137")]
    [InlineData("4", "500")]
    public void Verify_StoppedAndResumedTillTheEnd_CountsTheSame(string workers, string each)
    {
        string kept = folder.Of("search.json");
        string[] command = ["verify", "peer-protocol", "-v", "3", "-n", "1", "--no-symmetry", "--workers", workers, "--json", "--out", folder.Path];
        Outcome outcome = Cli.Run([.. command, "-i", each, "--checkpoint", kept]);
        int stops = 0;
        while (outcome.Code == 3)
        {
            stops++;
            Assert.Contains("--resume", outcome.Error, StringComparison.Ordinal);
            outcome = Cli.Run([.. command, "-i", each, "--checkpoint", kept, "--resume", kept]);
        }

        Assert.Equal((0, 1880), (outcome.Code, (int)outcome.Json["schedules"]!));
        Assert.InRange(stops, 2, 20);
    }

    [Fact]
    public void Verify_ResumedOnTheRealMmu_CountsTheSame()
    {
        string kept = folder.Of("search.json");
        string[] command = ["verify", "fault-vs-invalidate", "-m", "loongarch", "-v", "1", "--json", "--out", folder.Path];
        Outcome whole = Cli.Run(command);
        Outcome first = Cli.Run([.. command, "-i", "9", "--checkpoint", kept]);
        Assert.Equal(3, first.Code);
        Outcome rest = Cli.Run([.. command, "--resume", kept]);
        Assert.Equal((0, (int)whole.Json["schedules"]!), (rest.Code, (int)rest.Json["schedules"]!));
    }

    [Fact]
    public void Resume_OfSomethingElse_IsRefusedInOneLine()
    {
        string kept = folder.Of("search.json");
        Cli.Run("verify", "peer-protocol", "-v", "3", "-i", "10", "--workers", "1", "--checkpoint", kept, "--out", folder.Path);
        Refused("it is a search with vcpus '3', not '2'", "-v", "2", "--resume", kept);
        Refused("it is a search without --no-symmetry", "-v", "3", "--no-symmetry", "--resume", kept);
        Refused("there is no such file", "--resume", folder.Of("nothing.json"));
        string text = File.ReadAllText(kept);
        File.WriteAllText(kept, text[..(text.Length / 2)]);
        Refused("it is not a checkpoint, or not a whole one", "-v", "3", "--resume", kept);
        File.WriteAllText(kept, text.Replace("\"executions\": ", "\"executions\": 1", StringComparison.Ordinal));
        Refused("it was edited after it was saved", "-v", "3", "--resume", kept);
        Refused("a search with --bound cannot be kept or resumed", "--bound", "1", "--checkpoint", kept);
    }

    private void Refused(string reason, params string[] options)
    {
        Outcome outcome = Cli.Run(["verify", "peer-protocol", "--out", folder.Path, .. options]);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(reason, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
    }
}
