using System.Runtime.InteropServices;
using System.Threading;

namespace MmuStress.Cli;

internal static class Program
{
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(3);

    internal static int Main(string[] args)
    {
        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return CommandLine.Run(args, new Surroundings
        {
            Out = Console.Out,
            Error = Console.Error,
            ErrorIsTerminal = !Console.IsErrorRedirected && !string.Equals(Environment.GetEnvironmentVariable("TERM"), "dumb", StringComparison.Ordinal),
            Cancellation = cancellation.Token,
        });

        // Code under test that never gives way cannot be stopped otherwise.
        static void EndAnyway() => new Thread(() =>
        {
            Thread.Sleep(TimeToEnd);
            Environment.Exit(ExitCode.Interrupted);
        })
        { IsBackground = true }.Start();

        // The second signal ends the process at once.
        void Stop(PosixSignalContext context)
        {
            if (!cancellation.IsCancellationRequested)
            {
                context.Cancel = true;
                cancellation.Cancel();
                EndAnyway();
            }
        }
    }
}
