using MmuStress.Explorer;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <summary>Runs schedule after schedule of one scenario on one machine.</summary>
public sealed class Sampler
{
    private readonly ExploredMachine machine = new();
    private readonly IProgram program;
    private readonly Func<IStrategy> newStrategy;
    private IStrategy strategy;
    private long next;

    public Sampler(string scenario, string mmu, string strategyName)
    {
        Scenario found = ScenarioCatalog.Find(scenario) ?? throw new ArgumentException($"there is no scenario {scenario}", nameof(scenario));
        program = new ScenarioRun(found, found.Defaults, mmu).NewProgram();
        newStrategy = () => StrategyCatalog.Find(strategyName)!.Create(new StrategyParameters(1, 3, 30));
        strategy = newStrategy();
    }

    /// <summary>Runs that many schedules.</summary>
    /// <param name="schedules">How many.</param>
    /// <returns>How many steps they had.</returns>
    public long Run(int schedules)
    {
        long steps = 0;
        for (int i = 0; i < schedules; i++)
        {
            if (!strategy.Begin(next))
            {
                strategy = newStrategy(); // a systematic one begins again
                strategy.Begin(next);
            }

            next++;
            machine.Run(program, strategy);
            steps += machine.Steps;
        }

        return steps;
    }
}
