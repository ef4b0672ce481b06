namespace MmuStress.Hosts.Akka;

/// <summary>What an actor that runs a behaviour is told, apart from the behaviour's own messages, and what it answers.</summary>
internal static class Behaviour
{
    /// <summary>Handle a message and answer the sender with <see cref="Handled"/>; the message itself is answered by nobody.</summary>
    /// <param name="Message">The message.</param>
    public sealed record Handle(Actors.Message Message);

    /// <summary>The answer to <see cref="Handle"/>.</summary>
    /// <param name="Message">The message that was handled.</param>
    public sealed record Handled(Actors.Message Message);

    /// <summary>Handle the next message of the script, and tell yourself the same again.</summary>
    public sealed record GoOn
    {
        /// <summary>The only one there is.</summary>
        public static GoOn Instance { get; } = new();
    }

    /// <summary>Begin no further message of the script. Answered with <see cref="ScriptEnded"/> once, as is the script's own end.</summary>
    public sealed record EndScript
    {
        /// <summary>The only one there is.</summary>
        public static EndScript Instance { get; } = new();
    }

    /// <summary>Told to the supervisor: this actor begins no further message of its script.</summary>
    public sealed record ScriptEnded
    {
        /// <summary>The only one there is.</summary>
        public static ScriptEnded Instance { get; } = new();
    }
}
