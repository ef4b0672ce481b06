namespace MmuStress.Machine;

/// <summary>Something that can be run on from where it was suspended.</summary>
public interface IResumable
{
    /// <summary>Runs on until the next suspension or the end.</summary>
    void Resume();
}
