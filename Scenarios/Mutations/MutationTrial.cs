using System.Threading;
using MmuStress.Explorer;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Leaves one operation out of a scenario and looks for what is violated without it.</summary>
/// <remarks>
/// A data race or a warning of the kernel says that something is missing, not what it is good for. So they are set aside first; only where
/// nothing follows from them, they are the evidence. Where a search for all executions ends and neither was seen in any of them, there is none.
/// </remarks>
public static class MutationTrial
{
    // Memory management and the scheduler, which are not KVM's.
    private static readonly string[] Host = ["Mmu/Host/", "Mmu/Vcpus/Vcpu.Placement.cs"];

    private const long SearchedFirst = 2_000;

    private static readonly string[] WeakEvidence = [MachineInvariants.NoDataRace, MmuInvariants.NoKernelWarning];

    /// <summary>Tries.</summary>
    /// <param name="run">The scenario, with nothing left out.</param>
    /// <param name="mutation">What is left out.</param>
    /// <param name="limits">For how long.</param>
    /// <param name="cancellation">Ends it early; the outcome then says little.</param>
    /// <returns>What it has shown.</returns>
    public static MutationOutcome Run(ScenarioRun run, Mutation mutation, MutationLimits limits, CancellationToken cancellation = default)
    {
        if (!mutation.IsDetectableUnder(MemoryModels.Parse(run.Memory)))
        {
            return new MutationOutcome(run with { Mutation = mutation }, MutationVerdict.NotDetectable, IsComplete: true, 0, null);
        }

        ScenarioRun strong = run with { Mutation = mutation with { Ignored = WeakEvidence } };
        var setAside = new IgnoredSet(WeakEvidence);
        (Finding? finding, bool isComplete, long executions) = Search(strong, setAside, limits, cancellation);
        if (finding is null && setAside.WasViolated)
        {
            ScenarioRun weak = run with { Mutation = mutation };
            (Finding? plain, bool isAll, long more) = Search(weak, null, limits, cancellation);
            return Outcome(weak, plain, isAll, executions + more);
        }

        return Outcome(strong, finding, isComplete, executions);
    }

    /// <summary>The operations that the MMU performs in a scenario, or the scenario itself where it has none, and that can be left out.</summary>
    /// <param name="run">The scenario, with nothing left out.</param>
    /// <param name="samples">In how many schedules they are looked for.</param>
    /// <param name="withHost">Whether those of the host's memory management and scheduler count, too.</param>
    /// <returns>The operations, by source file and line; and what is violated with nothing left out, null where everything holds.</returns>
    public static (IReadOnlyList<Mutation> Sites, Violation? Violation) SitesOf(ScenarioRun run, long samples, bool withHost)
    {
        string underTest = run.Scenario.HasMmu ? "Mmu/" : "Scenarios/";
        var sites = new SiteRecorder(
            file => file.StartsWith(underTest, StringComparison.Ordinal) && (withHost || !Array.Exists(Host, h => file.StartsWith(h, StringComparison.Ordinal))),
            kind => ReferenceEquals(kind, Frame.Kind));
        var options = new ExplorationOptions { Iterations = samples };
        ExplorationResult result = new Exploration(() => new SiteRecordingProgram(run.NewProgram(), sites), run.UnderModel(options)).Run();
        Finding? finding = result.Findings.Count > 0 ? result.Findings[0] : null;
        if (finding is null)
        {
            // A search goes where samples seldom do.
            var all = new VerificationOptions { Executions = SearchedFirst, Time = TimeSpan.FromSeconds(5), UsesSymmetry = true };
            finding = run.NewVerification(all).Run().Finding;
        }

        return (sites.Sites, finding?.Violation);
    }

    private static MutationOutcome Outcome(ScenarioRun run, Finding? finding, bool isComplete, long executions) =>
        new(run, finding is null ? MutationVerdict.NotNeededInScope : MutationVerdict.Necessary, isComplete || finding is not null, executions, finding);

    private static (Finding? Finding, bool IsComplete, long Executions) Search(ScenarioRun run, IgnoredSet? ignored, MutationLimits limits, CancellationToken cancellation)
    {
        ExplorationResult first = Sample(run, ignored, limits.FirstSamples, limits, cancellation);
        if (first.Findings.Count > 0)
        {
            return (first.Findings[0], false, first.Schedules);
        }

        long executions = first.Schedules;
        var options = new VerificationOptions { Time = limits.Time, Executions = limits.Executions, UsesSymmetry = true };
        VerificationResult all = run.NewVerification(options, ignored: ignored).Run(cancellation);
        executions += all.Executions;
        if (all.Finding is not null || all.IsComplete)
        {
            return (all.Finding is null ? null : Again(run, all.Finding), all.IsComplete, executions);
        }

        ExplorationResult further = Sample(run, ignored, limits.Samples, limits, cancellation);
        return (further.Findings.Count == 0 ? null : further.Findings[0], false, executions + further.Schedules);
    }

    private static ExplorationResult Sample(ScenarioRun run, IgnoredSet? ignored, long samples, MutationLimits limits, CancellationToken cancellation)
    {
        var options = new ExplorationOptions { Iterations = samples, Seed = limits.Seed };
        return new Exploration(() => run.NewProgram(ignored), run.UnderModel(options)).Run(cancellation);
    }

    // The search counts preemptions differently where a CPU waits before it retries.
    private static Finding Again(ScenarioRun run, Finding finding)
    {
        Recording again = run.Record(finding, new ExplorationOptions(), finding.Steps).Recording;
        return finding with { Steps = again.Steps, Preemptions = again.Preemptions };
    }
}
