using MmuStress.Machine;

namespace MmuStress.Actors;

/// <summary>Somebody who acts on the machine: a vCPU, the host's memory management, the memslot manager. It handles one message at a time.</summary>
/// <remarks>Behaviour is written once; a host gives it a CPU and a mailbox. Between two messages it holds nothing.</remarks>
/// <param name="name">What people call it: "vcpu0".</param>
public abstract class Actor(string name)
{
    /// <summary>What people call it.</summary>
    public string Name { get; } = name;

    /// <summary>Whether other actors send it messages, so that it waits for some when its script is done.</summary>
    public virtual bool AwaitsMessages => false;

    /// <summary>Whether it differs from another actor of its kind with the same script in nothing but its name.</summary>
    public virtual bool IsInterchangeable => false;

    /// <summary>Where others send it messages; set by the host before anything runs.</summary>
    public IInbox Inbox { get; set; } = null!;

    /// <summary>Handles a message.</summary>
    /// <param name="cpu">The CPU it runs on.</param>
    /// <param name="message">The message.</param>
    /// <returns>When it is handled.</returns>
    /// <exception cref="ArgumentException">The actor knows no such message.</exception>
    public abstract Coroutine Receive(Cpu cpu, Message message);
}
