using MmuStress.Actors;

namespace MmuStress.Scenarios;

/// <summary>A situation to explore or to soak: who is there, what they do, what must hold.</summary>
public abstract class Scenario
{
    /// <summary>Its name on the command line: "fault-vs-invalidate".</summary>
    public abstract string Name { get; }

    /// <summary>What happens in it, in one line.</summary>
    public abstract string Summary { get; }

    /// <summary>Whether it runs on an MMU that the user chooses.</summary>
    public virtual bool HasMmu => true;

    /// <summary>Its parameters where the user gives none.</summary>
    public virtual ScenarioParameters Defaults => new();

    /// <summary>What can be left out of it (--without): "rmb". Empty where nothing can.</summary>
    public virtual IReadOnlyList<string> CanLeaveOut => [];

    /// <summary>What is expected of it on each MMU. An MMU that is not named is not expected to run it.</summary>
    public abstract IReadOnlyList<Expectation> Expectations { get; }

    /// <summary>The MMUs that it runs on.</summary>
    public virtual IReadOnlyList<string> Mmus => Expectations.Select(e => e.Mmu).ToList();

    /// <summary>Sets it up. Called for every run; must set up the same each time.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="parameters">How large.</param>
    /// <param name="mmu">The MMU's name; empty for a scenario without one.</param>
    public abstract void Build(Stage stage, ScenarioParameters parameters, string mmu);
}
