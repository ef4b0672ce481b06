namespace MmuStress.Scenarios;

/// <summary>A race that the kernel had: a scenario on the code as it was before the fix, and one on the code after it.</summary>
/// <param name="Id">Its number in the table of the documentation: "Z28".</param>
/// <param name="Commit">The commit that mends it, abbreviated to 12 digits; what stands for it where there is none.</param>
/// <param name="Title">The commit's title.</param>
/// <param name="Mechanism">What goes wrong, in one line.</param>
/// <param name="Before">The scenario on the code before the fix; violated.</param>
/// <param name="After">The scenario on the code after the fix; holds.</param>
public sealed record HistoricalRace(string Id, string Commit, string Title, string Mechanism, Scenario Before, Scenario After)
{
    /// <summary>The MMU of the code before the fix; empty where the scenario has none to choose.</summary>
    public string MmuBefore { get; init; } = "";

    /// <summary>The MMU of the code after the fix; empty where the scenario has none to choose.</summary>
    public string MmuAfter { get; init; } = "";

    /// <summary>The code before the fix, under the simplest memory model that shows the race.</summary>
    /// <returns>The scenario as it comes.</returns>
    public ScenarioRun RunBefore()
    {
        var run = new ScenarioRun(Before, Before.Defaults, MmuBefore);
        return run.Expectation is { Models: [string model, ..] } ? run with { Memory = model } : run;
    }

    /// <summary>The code after the fix, under the same memory model.</summary>
    /// <returns>The scenario as it comes.</returns>
    public ScenarioRun RunAfter() => new(After, After.Defaults, MmuAfter) { Memory = RunBefore().Memory };
}
