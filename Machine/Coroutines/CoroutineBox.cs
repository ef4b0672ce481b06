using System.Runtime.ExceptionServices;

namespace MmuStress.Machine;

/// <summary>A suspended call: its outcome and who awaits it.</summary>
internal abstract class CoroutineBox : Resumable
{
    private ExceptionDispatchInfo? exception;

    public Resumable? Continuation { get; set; }

    public bool IsFinished { get; private set; }

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
