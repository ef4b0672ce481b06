using System.Runtime.ExceptionServices;

namespace MmuStress.Machine;

/// <summary>A suspended call: its outcome and who awaits it.</summary>
internal abstract class CoroutineBox : IResumable
{
    private ExceptionDispatchInfo? exception;

    public IResumable? Continuation { get; set; }

    public bool IsFinished { get; private set; }

    public abstract void Resume();

    public void Finish()
    {
        ExceptionDispatchInfo? thrown = exception;
        exception = null;
        IsFinished = false;
        Continuation = null;
        Recycle();
        thrown?.Throw();
    }

    public void SetException(Exception e)
    {
        exception = ExceptionDispatchInfo.Capture(e);
        SetFinished();
    }

    public void SetFinished()
    {
        IsFinished = true;
        Continuation?.Resume();
    }

    protected abstract void Recycle();
}
