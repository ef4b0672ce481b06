namespace MmuStress.Machine;

/// <summary>A call that threw before it was first suspended.</summary>
internal sealed class FailedBox<T> : CoroutineBox<T>
{
    public override void Resume() => throw new InvalidOperationException("a call that has thrown cannot be resumed");

    protected override void Recycle()
    {
    }
}
