namespace MmuStress.Machine;

/// <summary>Adapts a delegate, for awaits from other kinds of async method.</summary>
internal sealed class ActionResumable(Action action) : Resumable
{
    public override void Resume() => action();
}
