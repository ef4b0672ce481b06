using System.Globalization;
using System.Text.Json;
using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Hosts;

/// <summary>Writes a schedule of our explorer's as a trace that Coyote replays: each step of ours is one decision of Coyote's.</summary>
/// <remarks>
/// Coyote's operation 0 is the test itself, which sets up, waits for the actors and then runs the epilogue; actor i is operation i + 1. Between two of
/// its scheduling points an operation performs what was pending at the first and comes to the next, as a CPU does in a step of ours.
/// </remarks>
public static class CoyoteTrace
{
    /// <summary>The trace of a schedule.</summary>
    /// <param name="run">The scenario.</param>
    /// <param name="finding">The schedule.</param>
    /// <returns>The trace, for <c>Configuration.WithReproducibleTrace</c> or a file for <c>coyote replay</c>.</returns>
    /// <exception cref="ArgumentException">Actors were left out of the schedule, which Coyote cannot do.</exception>
    public static string Of(ScenarioRun run, Finding finding)
    {
        if (finding.DisabledCpus != 0)
        {
            throw new ArgumentException("the schedule leaves actors out", nameof(finding));
        }

        var writer = new Writer(new Replay(finding.Decisions));
        writer.Begin(0);
        new ExploredMachine().Run(run.NewProgram(), writer);
        return JsonSerializer.Serialize(new
        {
            TestName = run.Scenario.Name,
            CoyoteVersion = "1.7.11.0",
            Settings = new
            {
                Strategy = "random",
                MaxFairSchedulingSteps = 100_000,
                MaxUnfairSchedulingSteps = 10_000,
                TimeoutDelay = 10,
                DeadlockTimeout = 10_000, // of wall-clock time
                PortfolioMode = "none",
            },
            writer.Steps,
        });
    }

    private sealed class Writer(Replay replay) : IStrategy
    {
        private int lastCpu = -1;

        public List<string> Steps { get; } = [];

        public bool IsReplay => true;

        public bool Begin(long index) => replay.Begin(index);

        public int Next(ExploredMachine machine, ulong enabled, int current, bool yields)
        {
            int next = replay.Next(machine, enabled, current, yields);
            Steps.Add(string.Create(CultureInfo.InvariantCulture, $"op({OperationOf(machine, lastCpu)}:0),sp({PointOf(machine)}),next({OperationOf(machine, next)}:0)"));
            lastCpu = next;
            return next;
        }

        public int Choose(ExploredMachine machine, int alternatives)
        {
            int value = replay.Choose(machine, alternatives);
            Steps.Add(string.Create(CultureInfo.InvariantCulture, $"op({OperationOf(machine, lastCpu)}:0),int({value})"));
            return value;
        }

        // The epilogue, if there is one, is the last CPU, which ExploredHost calls "end"; it is the test itself.
        private static int OperationOf(ExploredMachine machine, int cpu) =>
            cpu < 0 || (cpu == machine.CpuCount - 1 && machine.CpuAt(cpu).Name is "end") ? 0 : cpu + 1;

        private string PointOf(ExploredMachine machine)
        {
            if (lastCpu < 0)
            {
                return "Pause"; // the test waits for the actors
            }

            return machine.CpuAt(lastCpu).HasReturned ? "Complete"
                : machine.Pending(lastCpu).Kind == OperationKind.CondResched ? "Yield" : "Interleave";
        }
    }
}
