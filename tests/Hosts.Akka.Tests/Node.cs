using System.Diagnostics;

namespace MmuStress.Hosts.Akka.Tests;

/// <summary>A process that runs mmu-stress.</summary>
internal sealed class Node : IDisposable
{
    private readonly Process process;
    private readonly Task<string> output;
    private readonly TaskCompletionSource hasSaid = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Node(string awaited, string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "mmu-stress.dll"), .. args]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) =>
        {
            if (awaited.Length > 0 && line.Data?.EndsWith(awaited, StringComparison.Ordinal) == true)
            {
                hasSaid.TrySetResult();
            }
        };
        process.BeginErrorReadLine();
        output = process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>When it has logged a line with the awaited ending.</summary>
    public Task HasSaid => hasSaid.Task;

    /// <summary>SIGKILL.</summary>
    public void Kill() => process.Kill();

    public async Task<(int Code, string Output)> EndAsync()
    {
        await process.WaitForExitAsync();
        return (process.ExitCode, await output);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }
}
