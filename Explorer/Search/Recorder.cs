using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Runs a known schedule once more and records everything that happens in it.</summary>
public static class Recorder
{
    /// <summary>Runs and records.</summary>
    /// <param name="program">The program.</param>
    /// <param name="finding">The schedule.</param>
    /// <param name="options">The options it was found with.</param>
    /// <param name="expected">What each decision's CPU must do there; null to compare nothing.</param>
    /// <returns>The recording.</returns>
    /// <exception cref="ScheduleMismatchException">The program does something else.</exception>
    public static Recording Record(IProgram program, Finding finding, ExplorationOptions options, IReadOnlyList<string>? expected = null)
    {
        ExploredMachine machine = options.NewMachine();
        machine.Trace = [];
        var replay = new Replay(finding.Decisions, expected);
        replay.Begin(0);
        machine.Run(program, replay, finding.DisabledCpus);
        if (machine.DecisionCount < finding.Decisions.Count)
        {
            string end = machine.Violation is null ? "the end of the run" : $"a violation of {machine.Violation.Invariant}";
            string wanted = expected is not null && machine.DecisionCount < expected.Count ? expected[machine.DecisionCount] : "a further step";
            throw new ScheduleMismatchException(machine.DecisionCount + 1, wanted, end);
        }

        var actors = new List<string>();
        for (int id = 0; id < machine.CpuCount; id++)
        {
            actors.Add(machine.CpuAt(id).Name);
        }

        return new Recording(actors, [.. machine.Trace!], machine.Violation, machine.Violator?.Id ?? -1, machine.Decisions.ToArray(), machine.Steps, machine.Preemptions);
    }
}
