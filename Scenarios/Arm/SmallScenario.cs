using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>A scenario of a few words and a few steps, on code as it was before a fix or after it.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expected">What is expected of it.</param>
/// <param name="build">Sets it up.</param>
internal sealed class SmallScenario(string name, string summary, Expectation expected, Action<Stage> build) : Scenario
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Summary => summary;

    /// <inheritdoc/>
    public override bool HasMmu => false;

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0 };

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations { get; } = [expected];

    /// <inheritdoc/>
    public override void Build(Stage stage, ScenarioParameters parameters, string mmu) => build(stage);
}
