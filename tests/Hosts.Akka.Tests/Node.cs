using System.Diagnostics;

namespace MmuStress.Hosts.Akka.Tests;

/// <summary>A process that runs mmu-stress.</summary>
internal sealed class Node : IDisposable
{
    private readonly Process process;
    private readonly Task<string> output;
    private readonly TaskCompletionSource hasBegun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Node(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "mmu-stress.dll"), .. args]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.EndsWith(" begins", StringComparison.Ordinal) == true)
            {
                hasBegun.TrySetResult();
            }
        };
        process.BeginErrorReadLine();
        output = process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>When the first VM has begun here.</summary>
    public Task HasBegun => hasBegun.Task;

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
