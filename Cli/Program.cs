using System.Runtime.InteropServices;
using System.Threading;

namespace MmuStress.Cli;

internal static class Program
{
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

        // The second signal ends the process at once.
        void Stop(PosixSignalContext context)
        {
            if (!cancellation.IsCancellationRequested)
            {
                context.Cancel = true;
                cancellation.Cancel();
            }
        }
    }
}
