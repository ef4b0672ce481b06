using MmuStress.Actors;
using MmuStress.Explorer;

namespace MmuStress.Hosts;

/// <summary>A host in which the explorer decides who goes on.</summary>
public interface IExploringHost
{
    /// <summary>What users and schedule files call it: "explored".</summary>
    string Name { get; }

    /// <summary>The program that the explorer runs.</summary>
    /// <param name="build">Builds the stage; called for every run, and must build the same each time.</param>
    /// <returns>A new program, for one worker.</returns>
    IProgram NewProgram(Action<Stage> build);
}
