using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts;

/// <summary>A stage as a program that the explorer runs: each actor on a CPU of its own. How messages reach an actor is the host's.</summary>
/// <param name="build">Builds the stage; called for every run, and must build the same each time.</param>
public abstract class StageProgram(Action<Stage> build) : IProgram
{
    private Stage? stage;

    /// <inheritdoc/>
    public void Start(ExploredMachine machine)
    {
        if (stage is null || !ReferenceEquals(stage.Machine, machine))
        {
            stage = new Stage(machine);
            OnNewMachine();
        }

        stage.Clear();
        build(stage);
        OnRunStarts();
        for (int i = 0; i < stage.Parts.Count; i++)
        {
            Part part = stage.Parts[i];
            machine.Spawn(part.Actor.Name, BodyOf(machine, i, part, stage.Rounds));
            machine.DeclareInterchangeable(i, part.Actor.IsInterchangeable ? FirstLike(part) : -1);
        }

        if (stage.Epilogue is { } epilogue)
        {
            machine.SpawnAfterOthers("end", epilogue);
        }

        for (int i = 0; i < stage.EndChecks.Count; i++)
        {
            machine.AtEnd(stage.EndChecks[i]);
        }

        if (stage.ChecksLeaks)
        {
            machine.CheckLeaksAtEnd();
        }
    }

    /// <summary>Called before the first run on a machine: what belongs to another one is to be forgotten.</summary>
    protected virtual void OnNewMachine()
    {
    }

    /// <summary>Called before the actors of a run are spawned: what an earlier run left, as one does that ended early, is to be forgotten.</summary>
    protected virtual void OnRunStarts()
    {
    }

    /// <summary>What an actor's CPU runs.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="number">The actor's number, in order.</param>
    /// <param name="part">The actor and its script.</param>
    /// <param name="rounds">How often it goes through its script.</param>
    /// <returns>The body, which gives the actor its inbox before it returns.</returns>
    protected abstract Func<Cpu, Coroutine> BodyOf(ExploredMachine machine, int number, Part part, int rounds);

    private int FirstLike(Part part)
    {
        int first = 0;
        while (!ReferenceEquals(stage!.Parts[first].Script, part.Script) || stage.Parts[first].Actor.GetType() != part.Actor.GetType())
        {
            first++;
        }

        return first;
    }
}
