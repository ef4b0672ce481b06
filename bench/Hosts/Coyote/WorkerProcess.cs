using System.Diagnostics;
using System.Text.Json;

namespace MmuStress.Bench;

/// <summary>A process of its own for each engine: Coyote's rewritten assemblies are slower than those our explorer runs, and its memory is told apart.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private const string RewrittenFolder = "coyote"; // of Bench.csproj

    private readonly Process process;

    private WorkerProcess(string folder)
    {
        string assembly = Path.Combine(folder, Path.GetFileName(typeof(WorkerProcess).Assembly.Location));
        process = Process.Start(new ProcessStartInfo("dotnet", [assembly, Worker.Verb]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    /// <summary>Starts one that explores with Coyote.</summary>
    /// <returns>The process.</returns>
    public static WorkerProcess StartCoyote() => new(Path.Combine(AppContext.BaseDirectory, RewrittenFolder));

    /// <summary>Starts one that explores with our explorer.</summary>
    /// <returns>The process.</returns>
    public static WorkerProcess StartExplorer() => new(AppContext.BaseDirectory);

    /// <summary>Has it explore something.</summary>
    /// <param name="request">What.</param>
    /// <returns>What it found.</returns>
    /// <exception cref="InvalidOperationException">The process has ended.</exception>
    public WorkAnswer Ask(WorkRequest request)
    {
        process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        string? line = process.StandardOutput.ReadLine();
        return line is null ? throw new InvalidOperationException($"the worker ended on {request}") : JsonSerializer.Deserialize<WorkAnswer>(line)!;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }
}
