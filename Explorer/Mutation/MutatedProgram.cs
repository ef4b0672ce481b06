using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>A program with one operation left out.</summary>
/// <param name="program">The program.</param>
/// <param name="mutation">What is left out.</param>
/// <param name="setAside">Where it is noted which ignored properties were violated; null to note nothing.</param>
public sealed class MutatedProgram(IProgram program, Mutation mutation, IgnoredSet? setAside = null) : IProgram
{
    private readonly Mutant mutant = new(mutation, null);

    /// <inheritdoc/>
    public void Start(ExploredMachine machine)
    {
        machine.Mutant = mutant;
        mutant.BeginRun();
        program.Start(machine);
        if (mutation.Ignored.Count > 0)
        {
            machine.Ignored = (setAside ?? new IgnoredSet(mutation.Ignored)).And(machine.Ignored);
        }
    }
}
