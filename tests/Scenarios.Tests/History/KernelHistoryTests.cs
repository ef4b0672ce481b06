using MmuStress.Explorer;

namespace MmuStress.Scenarios.Tests;

/// <summary>Each race of the kernel's history is reproduced by a saved schedule on the code before the fix, and by none on the code after it.</summary>
public sealed class KernelHistoryTests
{
    private const string AcceptVariable = "MMU_STRESS_ACCEPT";
    private const long ToFind = 100_000;
    private const long ToVerify = 20_000;

    public static TheoryData<string> Races => new(KernelHistory.All.Select(race => race.Id));

    [Theory]
    [MemberData(nameof(Races))]
    public void SavedSchedule_OnTheCodeBeforeTheFix_Reproduces(string id)
    {
        HistoricalRace race = Find(id);
        string file = Folder.Of(Path.Combine("History", id + ".json"));
        if (string.Equals(Environment.GetEnvironmentVariable(AcceptVariable), "1", StringComparison.Ordinal))
        {
            Save(race, file);
        }

        Assert.True(File.Exists(file), $"{file} is missing; write it with {AcceptVariable}=1");
        Schedule schedule = ScheduleFile.Read(file);
        Assert.Equal((race.Before.Name, race.MmuBefore), (schedule.Scenario, schedule.Mmu));
        Assert.Contains(schedule.Violation.Invariant, race.RunBefore().Expectation!.Invariants);

        Recording recording = new ScenarioRun(race.Before, ScenarioParameters.FromDictionary(schedule.Parameters), schedule.Mmu) { Memory = schedule.Memory }.Replay(schedule);

        Assert.Equal(schedule.Violation, recording.Violation);
    }

    [Theory]
    [MemberData(nameof(Races))]
    public void Verify_OfTheCodeAfterTheFix_FindsNothing(string id)
    {
        HistoricalRace race = Find(id);
        Assert.True(race.RunAfter().Expectation!.Holds);

        VerificationResult result = race.RunAfter().ForVerification.Verify(new VerificationOptions { Executions = ToVerify });

        Assert.Null(result.Finding);
    }

    [Fact]
    public void Races_AreEachNamedOnceAndByACommit()
    {
        Assert.Equal(KernelHistory.All.Select(r => r.Id).Distinct(StringComparer.Ordinal), KernelHistory.All.Select(r => r.Id));
        Assert.All(KernelHistory.All, r => Assert.Matches("^([0-9a-f]{12}|posted [0-9-]{7}|open [0-9-]{7})$", r.Commit));
        Assert.All(KernelHistory.All, r => Assert.True(r.Title.Length > 0 && r.Mechanism.Length > 0));
    }

    private static HistoricalRace Find(string id) => KernelHistory.All.Single(race => string.Equals(race.Id, id, StringComparison.Ordinal));

    private static void Save(HistoricalRace race, string file)
    {
        var options = new ExplorationOptions { Iterations = ToFind };
        Finding found = Assert.Single(race.RunBefore().Explore(options).Findings);
        Finding shrunk = race.RunBefore().Shrink(found, options);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        ScheduleFile.Write(race.RunBefore().Record(shrunk, options, found.Steps).Schedule, file);
    }
}
