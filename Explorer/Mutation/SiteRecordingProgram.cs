namespace MmuStress.Explorer;

/// <summary>A program whose synchronising operations are taken down as it runs.</summary>
/// <param name="program">The program.</param>
/// <param name="sites">Where they are taken down.</param>
public sealed class SiteRecordingProgram(IProgram program, SiteRecorder sites) : IProgram
{
    private readonly Mutant mutant = new(null, sites);

    /// <inheritdoc/>
    public void Start(ExploredMachine machine)
    {
        machine.Mutant = mutant;
        mutant.BeginRun();
        program.Start(machine);
    }
}
