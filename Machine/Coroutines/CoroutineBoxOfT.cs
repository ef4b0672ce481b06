namespace MmuStress.Machine;

/// <summary>A suspended call that returns a <typeparamref name="T"/>.</summary>
internal abstract class CoroutineBox<T> : CoroutineBox
{
    public T Result { get; set; } = default!;

    public T FinishWithResult()
    {
        T value = Result;
        Result = default!;
        Finish();
        return value;
    }
}
