using MmuStress.Actors;

namespace MmuStress.Hosts.Akka;

/// <summary>Where a behaviour sits in a host: its CPU and how a message is handled on it. Only the actor's own mailbox calls it.</summary>
internal abstract class Seat
{
    /// <summary>The behaviour's name, which is its actor's: "vcpu3".</summary>
    public abstract string Name { get; }

    /// <summary>Has the behaviour handle a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="wasSent">Whether it came through the behaviour's inbox.</param>
    /// <returns>When it is handled; faulted with what ends the run.</returns>
    public abstract Task HandleAsync(Message message, bool wasSent);

    /// <summary>Handles the script's next message, or says that there is none.</summary>
    /// <returns>Whether there was one, when it is handled.</returns>
    public virtual Task<bool> HandleNextOfScriptAsync() => Task.FromResult(false);
}
