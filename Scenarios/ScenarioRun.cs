using System.Threading;
using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Hosts;

namespace MmuStress.Scenarios;

/// <summary>A scenario with its parameters on one MMU, ready to be explored, replayed, shrunk or soaked.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Parameters">How large.</param>
/// <param name="Mmu">The MMU's name; empty for a scenario without one.</param>
public sealed record ScenarioRun(Scenario Scenario, ScenarioParameters Parameters, string Mmu)
{
    private const int UsualWordsPerPage = 512;

    /// <summary>How many runs shrinking may make when nobody says otherwise.</summary>
    public const long DefaultShrinkBudget = 20_000;

    /// <summary>The memory model.</summary>
    public string Memory { get; init; } = MemoryModels.Default;

    /// <summary>The operation that is left out of it; null for none.</summary>
    public Mutation? Mutation { get; init; }

    /// <summary>What runs the actors when it is explored.</summary>
    public IExploringHost Host { get; init; } = ExploringHost.Own;

    /// <summary>What is expected of it; null where nothing is.</summary>
    public Expectation? Expectation => Scenario.Expectations.FirstOrDefault(e => string.Equals(e.Mmu, Mmu, StringComparison.Ordinal));

    /// <summary>The same for an exhaustive search: a fault that has to retry waits each time until something that it has read has changed.</summary>
    public ScenarioRun ForVerification => this with { Parameters = Parameters with { Retries = 0 } };

    /// <summary>How many words a page of the machine has: a table of the largest pages must find room.</summary>
    public int WordsPerPage => Parameters.Stage2 is { } stage2 ? Math.Max(UsualWordsPerPage, 1 << stage2.Stride) : UsualWordsPerPage;

    /// <summary>The program that the explorer runs.</summary>
    /// <returns>A new one, for one worker.</returns>
    public IProgram NewProgram() => NewProgram(null);

    /// <summary>The program that the explorer runs.</summary>
    /// <param name="ignored">Where it is noted which properties were violated that are not looked at while something is left out; null to note nothing.</param>
    /// <returns>A new one, for one worker.</returns>
    public IProgram NewProgram(IgnoredSet? ignored)
    {
        IProgram program = Host.NewProgram(Build);
        return Mutation is null ? program : new MutatedProgram(program, Mutation, ignored);
    }

    /// <summary>Sets the scenario up.</summary>
    /// <param name="stage">Where.</param>
    public void Build(Stage stage)
    {
        stage.Rounds = Parameters.Rounds;
        Scenario.Build(stage, Parameters, Mmu);
    }

    /// <summary>Samples schedules.</summary>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>What was found.</returns>
    public ExplorationResult Explore(ExplorationOptions options, CancellationToken cancellation = default) =>
        NewExploration(options).Run(cancellation);

    /// <summary>An exploration that has not begun.</summary>
    /// <param name="options">How to sample; the memory model is this scenario's.</param>
    /// <returns>The exploration.</returns>
    public Exploration NewExploration(ExplorationOptions options) => new(NewProgram, UnderModel(options));

    /// <summary>The same options under this scenario's memory model.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The options.</returns>
    public ExplorationOptions UnderModel(ExplorationOptions options) => options with { Memory = MemoryModels.Parse(Memory), WordsPerPage = WordsPerPage };

    /// <summary>An exhaustive search that has not begun; to be called on <see cref="ForVerification"/>, and so is what follows a finding.</summary>
    /// <param name="options">How to search.</param>
    /// <param name="bound">How many preemptions at most; null for all executions, up to equivalence.</param>
    /// <param name="ignored">As in <see cref="NewProgram(IgnoredSet?)"/>; one worker only where it is not null.</param>
    /// <returns>The search, under this scenario's memory model.</returns>
    public IVerification NewVerification(VerificationOptions options, int? bound = null, IgnoredSet? ignored = null)
    {
        options = options with { WordsPerPage = WordsPerPage };
        if (MemoryModels.Parse(Memory) is var model and not MemoryModel.Sc)
        {
            return new WeakVerification(() => NewProgram(ignored), options with { Memory = model });
        }

        return bound is { } most ? new BoundedVerification(() => NewProgram(ignored), options, most) : new Verification(() => NewProgram(ignored), options);
    }

    /// <summary>Explores every execution up to equivalence; to be called on <see cref="ForVerification"/>, and so is what follows a finding.</summary>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>What was found.</returns>
    public VerificationResult Verify(VerificationOptions options, CancellationToken cancellation = default) =>
        NewVerification(options).Run(cancellation);

    /// <summary>Looks for a shorter schedule with the same violation.</summary>
    /// <param name="finding">The schedule.</param>
    /// <param name="options">The options it was found with.</param>
    /// <param name="budget">How many runs it may take.</param>
    /// <param name="cancellation">Ends it early, with the shortest schedule found so far.</param>
    /// <returns>The shortest schedule found.</returns>
    public Finding Shrink(Finding finding, ExplorationOptions options, long budget = DefaultShrinkBudget, CancellationToken cancellation = default) =>
        new Shrinker(NewProgram(), UnderModel(options), budget, cancellation).Shrink(finding);

    /// <summary>Runs a schedule once more and writes down what happens.</summary>
    /// <param name="finding">The schedule.</param>
    /// <param name="options">The options it was found with.</param>
    /// <param name="stepsBeforeShrinking">How many steps it had before it was shrunk.</param>
    /// <returns>The schedule to save, and the recording.</returns>
    public (Schedule Schedule, Recording Recording) Record(Finding finding, ExplorationOptions options, int stepsBeforeShrinking)
    {
        Recording recording = Recorder.Record(NewProgram(), finding, UnderModel(options));
        var schedule = new Schedule
        {
            Tool = ToolVersion.Text,
            Scenario = Scenario.Name,
            Host = ReferenceEquals(Host, ExploringHost.Own) ? null : Host.Name,
            Parameters = Parameters.ToDictionary(),
            Mmu = Mmu,
            Memory = Memory,
            Mutation = Mutation,
            Strategy = options.Strategy,
            Seed = options.Seed,
            Index = finding.Index,
            Violation = recording.Violation ?? finding.Violation,
            Steps = recording.Steps,
            Preemptions = recording.Preemptions,
            StepsBeforeShrinking = stepsBeforeShrinking,
            Actors = recording.Actors,
            DisabledActors = finding.DisabledCpus,
            Decisions = recording.Decisions,
            Events = Schedule.EventsOf(recording),
        };
        return (schedule, recording);
    }

    /// <summary>Runs a saved schedule, comparing each step with what it did when it was saved.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <returns>The recording.</returns>
    /// <exception cref="ScheduleMismatchException">The code does something else by now.</exception>
    public Recording Replay(Schedule schedule) =>
        Recorder.Record(NewProgram(), schedule.ToFinding(), UnderModel(new ExplorationOptions { Seed = schedule.Seed }), schedule.Expected);

    /// <summary>Runs the actors free.</summary>
    /// <param name="seed">What the choices of the environment depend on, apart from timing.</param>
    /// <param name="rounds">How often each actor goes through its script at most.</param>
    /// <returns>The host, not yet running.</returns>
    public FreeHost NewFreeHost(ulong seed = 0, long rounds = long.MaxValue) => new(Build, WordsPerPage, seed, rounds);
}
