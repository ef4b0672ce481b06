using Akka.Actor;
using Akka.Event;

namespace MmuStress.Hosts.Akka;

/// <summary>Counts the messages of behaviours, VMs and soaks that found nobody to handle them; not those that Akka sends itself.</summary>
internal sealed class DeadLetterCounter : ReceiveActor
{
    private long count;

    /// <summary>A counter; it tells its count to whoever sends it a <see cref="HowMany"/>.</summary>
    /// <param name="note">Called with each new count.</param>
    public DeadLetterCounter(Action<long> note)
    {
        Receive<DeadLetter>(letter => IsOurs(letter.Message), _ => note(++count));
        Receive<DeadLetter>(_ => { });
        Receive<HowMany>(_ => Sender.Tell(count));
    }

    private static bool IsOurs(object message) => message is Actors.Message || message.GetType().Assembly == typeof(DeadLetterCounter).Assembly;

    /// <inheritdoc/>
    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    /// <summary>How many are there?</summary>
    public sealed record HowMany
    {
        /// <summary>The only one there is.</summary>
        public static HowMany Instance { get; } = new();
    }
}
