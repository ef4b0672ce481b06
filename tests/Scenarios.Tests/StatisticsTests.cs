using MmuStress.Hosts;
using MmuStress.Mmu;
using MmuStress.Tests;

namespace MmuStress.Scenarios.Tests;

/// <summary>Statistics of VMs that run free, read meanwhile.</summary>
[Collection(nameof(FreeHostTests))]
public sealed class StatisticsTests
{
    private const int Rounds = 400;
    private const int Vcpus = 4;

    [Fact]
    public async Task Read_WhileVcpusRun_NoCounterFalls()
    {
        FreeHost host = new ScenarioRun(ScenarioCatalog.Find("mixed")!, new ScenarioParameters { Vcpus = Vcpus, Notifiers = 2 }, "loongarch-mended").NewFreeHost(rounds: Rounds);
        StatFd[] files = [new(host.Statistics!.Vm), .. host.Statistics.Vcpus.Select(v => new StatFd(v))];
        DocumentedStatistics[] before = ReadAll(files);
        Task<SoakProgress> running = Task.Run(() => host.RunAsync(TimeSpan.FromMinutes(10)));
        int reads = 0;
        bool isOver;
        do
        {
            isOver = running.IsCompleted; // one more read after the end
            DocumentedStatistics[] now = ReadAll(files);
            for (int i = 0; i < files.Length; i++)
            {
                AssertGrown(before[i], now[i]);
            }

            before = now;
            reads++;
        }
        while (!isOver);

        SoakProgress progress = await running;
        Assert.Null(progress.Violation);
        Assert.True(reads > 1);
        Assert.Equal(progress.Counters.Single(c => c.Key is "faults").Value, before[1..].Sum(f => (long)f.Values["pf_taken"][0]));
        Assert.Equal(progress.Counters.Single(c => c.Key is "retries").Value, before[1..].Sum(f => (long)f.Values["pf_retried"][0]));
        Assert.All(before[1..], vcpu => Assert.Equal(vcpu.Values["pf_taken"][0], vcpu.Values["pf_fixed"][0] + vcpu.Values["pf_emulate"][0]));
        Assert.All(before[1..], vcpu => Assert.Equal(vcpu.Values["pf_taken"][0], vcpu.Values["pf_retries_hist"].Aggregate((a, b) => a + b)));
        Assert.Equal(before[0].Values["mmu_notifier_invalidations"][0], before[0].Values["mmu_notifier_pages_hist"].Aggregate((a, b) => a + b));
        Assert.Equal(0UL, before[0].Values["pages_4k"][0]); // the VM was destroyed
        Assert.NotEqual(0UL, before[0].Values["max_pages_4k"][0]);
    }

    [Fact]
    public void Explored_NobodyCounts()
    {
        var stage = new Actors.Stage(new Explorer.ExploredMachine());
        new ScenarioRun(ScenarioCatalog.Find("mixed")!, new ScenarioParameters(), "loongarch-mended").Build(stage);
        Assert.Null(stage.Statistics);
        Assert.Empty(stage.Counters);
    }

    private static DocumentedStatistics[] ReadAll(StatFd[] files) => files.Select(f => new DocumentedStatistics(f.ReadAll())).ToArray();

    private static void AssertGrown(DocumentedStatistics before, DocumentedStatistics now)
    {
        foreach ((string name, ulong[] values) in now.Values)
        {
            if (now.Kinds[name].Kind is not "instant")
            {
                Assert.All(values, (value, i) => Assert.True(value >= before.Values[name][i], $"{name} fell from {before.Values[name][i]} to {value}"));
            }
        }
    }
}
