using MmuStress.Machine;

namespace MmuStress.Actors;

/// <summary>Where messages for an actor arrive, in the order in which they were sent.</summary>
public interface IInbox
{
    /// <summary>Sends a message.</summary>
    /// <param name="cpu">The sender.</param>
    /// <param name="message">The message.</param>
    /// <returns>When it is queued.</returns>
    Coroutine Send(Cpu cpu, Message message);
}
