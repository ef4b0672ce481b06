using System.Text;
using System.Threading;

namespace MmuStress.Cli.Tests;

/// <summary>A stderr that interrupts the command as soon as its progress says what the test waits for.</summary>
internal sealed class Interrupter(Func<string, bool> when) : StringWriter, IDisposable
{
    private readonly CancellationTokenSource cancellation = new();

    public override Encoding Encoding => Encoding.UTF8;

    public CancellationToken Token => cancellation.Token;

    public override void Write(string? value)
    {
        base.Write(value);
        if (value is not null && when(value))
        {
            cancellation.Cancel();
        }
    }

    /// <summary>Has the command write its progress all the time, and be interrupted by it.</summary>
    public Surroundings Change(Surroundings surroundings) => surroundings with
    {
        Error = this,
        Cancellation = Token,
        FirstProgress = TimeSpan.FromMilliseconds(1),
        ProgressInterval = TimeSpan.FromMilliseconds(1),
    };

    protected override void Dispose(bool disposing)
    {
        cancellation.Dispose();
        base.Dispose(disposing);
    }
}
