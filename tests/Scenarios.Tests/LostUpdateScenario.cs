using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios.Tests;

/// <summary>A user's own scenario, all of it in one file: every vCPU adds 1 to a counter that nothing protects.</summary>
internal sealed class LostUpdateScenario : Scenario
{
    private static readonly Message[] Once = [new Increments()];

    public override string Name => "lost-update";

    public override string Summary => "two vCPUs add 1 to a counter without a lock";

    public override bool HasMmu => false;

    public override IReadOnlyList<Expectation> Expectations { get; } = [Expectation.Violated("", "no lock", "NoLostUpdate")];

    public override void Build(Stage stage, ScenarioParameters parameters, string mmu)
    {
        Word counter = stage.Machine.Memory.Allocate("counter", 1, BlockKind.Static)[0];
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new Adder(Names.Vcpu(id), counter), Once);
        }

        stage.CheckAtEnd(() =>
        {
            ulong expected = (ulong)(parameters.Vcpus * parameters.Rounds);
            if (counter.Peek != expected)
            {
                stage.Machine.Report(new Violation("NoLostUpdate", $"the counter is {counter.Peek}, not {expected}", "one is lost"), null);
            }
        });
    }

    private sealed record Increments : Message;

    private sealed class Adder(string name, Word counter) : Actor(name)
    {
        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            ulong value = await cpu.ReadOnce(counter);
            await cpu.WriteOnce(counter, value + 1);
            cpu.Log($"counter => {value + 1}");
        }
    }
}
