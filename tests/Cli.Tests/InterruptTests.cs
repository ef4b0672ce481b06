using System.Diagnostics;
using System.Threading;

namespace MmuStress.Cli.Tests;

public sealed class InterruptTests : IDisposable
{
    private const string Endless = "1000000000000";

    // Background jobs of a shell without job control ignore SIGINT, and so do the processes they start; env replaces itself, so that the process id stays.
    private static readonly string[] NothingIgnored = CanRun("env", "--default-signal=INT", "true") ? ["env", "--default-signal=INT"] : [];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Explore_Interrupted_PrintsHowFarItCame()
    {
        using var interrupter = new Interrupter(line => line.Contains(" schedules", StringComparison.Ordinal));
        Outcome outcome = Cli.Run(interrupter.Change, "explore", "peer-protocol", "-i", Endless, "--out", folder.Path);
        Assert.Equal(130, outcome.Code);
        Assert.StartsWith("interrupted: ", outcome.Out, StringComparison.Ordinal);
        Assert.StartsWith("explore peer-protocol: ", interrupter.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Explore_InterruptedAfterAViolation_SavesAndPrintsIt()
    {
        using var interrupter = new Interrupter(line => line.Contains(" violation", StringComparison.Ordinal) && !line.Contains(", 0 violations", StringComparison.Ordinal));
        Outcome outcome = Cli.Run(interrupter.Change, "explore", "peer-protocol-buggy", "-i", Endless, "--keep-going", "--out", folder.Path);
        Assert.Equal(130, outcome.Code);
        Assert.StartsWith("NoStaleMapping: ", outcome.Out, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run("replay", Assert.Single(folder.Files)).Code);
    }

    [Fact]
    public void ExploreAll_Interrupted_PrintsTheRowsThatAreDone()
    {
        using var interrupter = new Interrupter(line => line.StartsWith("explore all: row 2 of 2, peer-protocol", StringComparison.Ordinal));
        Outcome outcome = Cli.Run(
            s => interrupter.Change(s) with { Scenarios = [Scenarios.ScenarioCatalog.Find("peer-protocol-buggy")!, Scenarios.ScenarioCatalog.Find("peer-protocol")!] },
            "explore", "all", "-i", Endless, "--out", folder.Path);
        Assert.Equal(130, outcome.Code);
        Assert.Contains("\ninterrupted after 1 of 2 rows, all as expected, ", outcome.Out, StringComparison.Ordinal);
        Assert.Single(folder.Files);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Process_Signalled_EndsWith130(string signal)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        string[] run = [.. NothingIgnored, Path.Combine(AppContext.BaseDirectory, "mmu-stress"), "explore", "peer-protocol", "-i", Endless, "--workers", "1", "--out", folder.Path];
        using Process process = Process.Start(new ProcessStartInfo(run[0], run[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            string? progress = await process.StandardError.ReadLineAsync(limit.Token);
            Assert.StartsWith("explore peer-protocol: ", progress, StringComparison.Ordinal);
            using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.Equal(130, process.ExitCode);
            Assert.StartsWith("interrupted: ", output, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill(); // it would go on for ever
        }
    }

    private static bool CanRun(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
