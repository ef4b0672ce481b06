using MmuStress.Actors;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

/// <summary>The peers' protocol as if its variants were MMUs: "old" has the race, "new" has not.</summary>
internal sealed class FakeScenario(string name, params Expectation[] expectations) : Scenario
{
    private static readonly PeerProtocol Buggy = new("buggy", "", PeerVariant.Buggy);
    private static readonly PeerProtocol Correct = new("correct", "", PeerVariant.Correct);

    public override string Name => name;

    public override string Summary => "for tests";

    public override IReadOnlyList<Expectation> Expectations => expectations;

    public override void Build(Stage stage, ScenarioParameters parameters, string mmu) =>
        (string.Equals(mmu, "old", StringComparison.Ordinal) ? Buggy : Correct).Build(stage, parameters, "");
}
