using System.Diagnostics;
using MmuStress.Mmu;

namespace MmuStress.Cli;

/// <summary>Writes the statistics of a VM that runs: FILE for the VM, FILE.vcpuN for vCPU N, each whole or not at all, now and then and in the end.</summary>
internal sealed class StatisticsWriter
{
    private readonly List<(string Path, StatFd File)> files = [];
    private readonly TimeSpan interval;
    private readonly Stopwatch sinceLast = Stopwatch.StartNew();

    /// <summary>A writer.</summary>
    /// <param name="path">The VM's file.</param>
    /// <param name="statistics">What is written.</param>
    /// <param name="interval">How often at most, before the end.</param>
    public StatisticsWriter(string path, KvmStatistics statistics, TimeSpan interval)
    {
        this.interval = interval;
        files.Add((path, new StatFd(statistics.Vm)));
        files.AddRange(statistics.Vcpus.Select((vcpu, id) => ($"{path}.vcpu{id}", new StatFd(vcpu))));
    }

    /// <summary>Why nothing more is written; null while it can be.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Writes where the last time is long enough ago.</summary>
    public void WriteNowAndThen()
    {
        if (sinceLast.Elapsed >= interval)
        {
            Write();
        }
    }

    /// <summary>Writes. Once it could not it does not try again: a soak goes on without.</summary>
    public void Write()
    {
        try
        {
            for (int i = 0; i < files.Count && Refusal is null; i++)
            {
                Writable.Write(files[i].Path, files[i].File.ReadAll());
            }
        }
        catch (UsageException e)
        {
            Refusal = e.Message;
        }

        sinceLast.Restart();
    }
}
