using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;

namespace MmuStress.Hosts.Akka;

/// <summary>Akka's logging, a line each on stderr: stdout is for the result.</summary>
public sealed class ErrorStreamLogger : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    /// <summary>A logger; Akka makes it.</summary>
    public ErrorStreamLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(e => Console.Error.WriteLine(TextOf(e)));
    }

    // The stack of an exception is for debugging, and a line is enough for what went wrong.
    private static string TextOf(LogEvent e)
    {
        string cause = e.Cause is null || e.LogLevel() == LogLevel.DebugLevel ? "" : $": {e.Cause.GetType().Name}: {e.Cause.Message}";
        return $"akka {e.LogLevel().StringFor()} {e.LogSource}: {e.Message}{cause}".ReplaceLineEndings(" ");
    }
}
