namespace MmuStress.Machine;

/// <summary>A queue of messages that is an object of the machine: the order in which messages of several senders arrive is explored.</summary>
/// <typeparam name="T">The messages.</typeparam>
public sealed class Mailbox<T>
{
    private readonly Queue<T> queue = new();
    private readonly Word count;

    /// <summary>An empty mailbox.</summary>
    /// <param name="machine">The machine it is on.</param>
    /// <param name="name">Whose it is.</param>
    public Mailbox(Multiprocessor machine, string name) =>
        count = machine.Memory.Allocate($"mailbox of {name}", 1, BlockKind.Static)[0];

    /// <summary>Puts a message at the end.</summary>
    /// <param name="cpu">The sender.</param>
    /// <param name="message">The message.</param>
    /// <returns>When it is queued.</returns>
    public async Coroutine Send(Cpu cpu, T message)
    {
        await cpu.AddReturn(count, 1);
        queue.Enqueue(message);
    }

    /// <summary>Takes the first message, waiting for one if there is none. Waiting here for ever is idleness, not deadlock.</summary>
    /// <param name="cpu">The receiver.</param>
    /// <returns>The message.</returns>
    public async Coroutine<T> Receive(Cpu cpu)
    {
        cpu.IsIdle = true;
        await cpu.Down(count);
        cpu.IsIdle = false;
        return queue.Dequeue();
    }
}
