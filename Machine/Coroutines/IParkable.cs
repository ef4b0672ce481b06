namespace MmuStress.Machine;

/// <summary>An awaiter that takes the suspended caller itself, so that no delegate is needed.</summary>
internal interface IParkable
{
    void Park(Resumable continuation);
}
