using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Scenarios;

namespace MmuStress.Cli.Tests;

/// <summary>An actor that goes on for ever inside one message, until the test lets it go.</summary>
internal sealed class EndlessScenario : Scenario, IDisposable
{
    private volatile bool isOver;

    public override string Name => "endless";

    public override string Summary => "for tests";

    public override bool HasMmu => false;

    public override IReadOnlyList<Expectation> Expectations { get; } = [Expectation.Held("")];

    public override void Build(Stage stage, ScenarioParameters parameters, string mmu) => stage.Add(new Endless(this), new Go());

    public void Dispose() => isOver = true;

    private sealed record Go : Message;

    private sealed class Endless(EndlessScenario scenario) : Actor("endless")
    {
        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            while (!scenario.isOver)
            {
                await cpu.CondResched();
            }
        }
    }
}
