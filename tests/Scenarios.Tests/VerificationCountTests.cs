using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>The peers' protocol has as many executions as GenMC counts for it under sequential consistency, whoever searches.</summary>
public sealed class VerificationCountTests
{
    private static bool IsLong => string.Equals(Environment.GetEnvironmentVariable("MMU_STRESS_LONG"), "1", StringComparison.Ordinal);

    /// <summary>The release and leaving out the read barrier change nothing under sequential consistency.</summary>
    public static TheoryData<string, string, int, int, long> Counts => new()
    {
        { "peer-protocol", "", 1, 1, 8 },
        { "peer-protocol", "", 2, 1, 96 },
        { "peer-protocol", "", 3, 1, 1_880 },
        { "peer-protocol", "", 1, 2, 428 },
        { "peer-protocol", "", 2, 2, 13_822 },
        { "peer-protocol", "rmb", 2, 2, 13_822 },
        { "peer-protocol-rel", "", 1, 1, 8 },
        { "peer-protocol-rel", "", 2, 1, 96 },
        { "peer-protocol-rel", "", 3, 1, 1_880 },
        { "peer-protocol-rel", "", 1, 2, 428 },
        { "peer-protocol-rel", "", 2, 2, 13_822 },
        { "peer-protocol-ptl", "", 1, 1, 8 },
        { "peer-protocol-ptl", "", 2, 1, 266 },
        { "peer-protocol-ptl", "", 3, 1, 36_066 },
        { "peer-protocol-ptl", "", 1, 2, 428 },
        { "peer-protocol-ptl", "", 2, 2, 37_712 },
    };

    [Theory]
    [MemberData(nameof(Counts))]
    public void PeerProtocol_AnyNumberOfWorkers_HasItsExecutions(string name, string without, int vcpus, int notifiers, long executions)
    {
        foreach (int workers in new[] { 1, 2, 4 })
        {
            VerificationResult result = Verify(name, without, vcpus, notifiers, workers);
            Assert.Null(result.Finding?.Violation);
            Assert.Equal((true, executions), (result.IsComplete, result.Executions));
        }
    }

    /// <summary>The largest takes seconds: behind MMU_STRESS_LONG=1; without it, a search that is cut short must say so.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void PeerProtocol_ThreeByTwo_HasItsExecutions(int workers)
    {
        const long All = 615_972;
        long most = IsLong ? long.MaxValue : 10_000;
        VerificationResult result = Verify("peer-protocol", "", 3, 2, workers, most);
        Assert.Null(result.Finding?.Violation);
        Assert.Equal(IsLong, result.IsComplete);
        if (IsLong)
        {
            Assert.Equal(All, result.Executions);
        }
        else
        {
            Assert.InRange(result.Executions + result.Blocked, most, most + workers);
        }
    }

    /// <summary>Every scenario that violates something under sequential consistency: what the search finds happens again on an ordinary machine.</summary>
    public static TheoryData<string> Violated =>
        Row.Where(row => row.Expectation.Invariants.Count > 0 && string.Equals(row.ShownUnder, MemoryModels.Default, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Violated))]
    public void Finding_OfTheSearch_IsTheSameWhenItIsReplayed(string name)
    {
        ScenarioRun run = Row.Of(name).Run.ForVerification;
        VerificationResult result = run.Verify(new VerificationOptions { Executions = 3_000 });
        if (result.Finding is not { } finding)
        {
            Assert.False(result.IsComplete, $"{name} is violated, and a search that ended found nothing");
            return;
        }

        Recording replayed = Recorder.Record(run.NewProgram(), finding, new ExplorationOptions());
        Assert.Equal(finding.Violation.Invariant, replayed.Violation?.Invariant); // the message may tell a place that is known only while recording
        Assert.Equal((finding.Steps, finding.Preemptions), (replayed.Steps, replayed.Preemptions));
    }

    private static VerificationResult Verify(string name, string without, int vcpus, int notifiers, int workers, long most = long.MaxValue)
    {
        var parameters = new ScenarioParameters { Vcpus = vcpus, Notifiers = notifiers, Without = without };
        return new ScenarioRun(ScenarioCatalog.Find(name)!, parameters, "").ForVerification.Verify(
            new VerificationOptions { Workers = workers, Executions = most });
    }
}
