namespace MmuStress.Machine;

/// <summary>Something that can be run on from where it was suspended.</summary>
/// <remarks>A class, not an interface: it is called once for every suspended step, and a virtual call is cheaper.</remarks>
public abstract class Resumable
{
    /// <summary>Runs on until the next suspension or the end.</summary>
    public abstract void Resume();
}
