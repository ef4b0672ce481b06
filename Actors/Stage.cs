using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>What a scenario sets up: who acts, what each is asked to do, what happens in the end and what must then hold.</summary>
/// <param name="machine">The machine everything is on.</param>
public sealed class Stage(Multiprocessor machine)
{
    private readonly List<Part> parts = [];
    private readonly List<Action> endChecks = [];
    private readonly List<StageCounter> counters = [];

    /// <summary>The machine everything is on.</summary>
    public Multiprocessor Machine { get; } = machine;

    /// <summary>Who acts, in order.</summary>
    public IReadOnlyList<Part> Parts => parts;

    /// <summary>How often each actor goes through its script; a soak goes on until its time is up.</summary>
    public int Rounds { get; set; } = 1;

    /// <summary>What runs when all actors are done, alone: tearing down. Null for nothing.</summary>
    public Func<Cpu, Coroutine>? Epilogue { get; private set; }

    /// <summary>What must hold after that; a check reports to the machine.</summary>
    public IReadOnlyList<Action> EndChecks => endChecks;

    /// <summary>What a soak counts.</summary>
    public IReadOnlyList<StageCounter> Counters => counters;

    /// <summary>The statistics of its VM; null where nobody counts.</summary>
    public KvmStatistics? Statistics { get; set; }

    /// <summary>Whether memory whose kind must not leak is looked for in the end.</summary>
    public bool ChecksLeaks { get; private set; }

    /// <summary>Adds an actor.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="script">What it is asked to do, in order; a soak asks again and again.</param>
    /// <exception cref="ArgumentException">
    /// There is an actor of that name already, or it is called "choice": schedules refer to actors, and to choices of the environment, by name.
    /// </exception>
    public void Add(Actor actor, params Message[] script)
    {
        if (string.Equals(actor.Name, "choice", StringComparison.Ordinal))
        {
            throw new ArgumentException("an actor cannot be called choice", nameof(actor));
        }

        foreach (Part part in parts)
        {
            if (string.Equals(part.Actor.Name, actor.Name, StringComparison.Ordinal))
            {
                throw new ArgumentException($"there are two actors called {actor.Name}", nameof(actor));
            }
        }

        parts.Add(new Part(actor, script));
    }

    /// <summary>Has <paramref name="epilogue"/> run when all actors are done.</summary>
    /// <param name="epilogue">What runs.</param>
    /// <param name="checkLeaks">Whether nothing must be left after it.</param>
    public void Finally(Func<Cpu, Coroutine> epilogue, bool checkLeaks = false)
    {
        Epilogue = epilogue;
        ChecksLeaks = checkLeaks;
    }

    /// <summary>Has the end look for memory that must not be left.</summary>
    public void CheckLeaks() => ChecksLeaks = true;

    /// <summary>Adds a property of the end.</summary>
    /// <param name="check">The check, which reports to the machine.</param>
    public void CheckAtEnd(Action check) => endChecks.Add(check);

    /// <summary>Adds something that a soak counts.</summary>
    /// <param name="name">Its name in reports: "faults".</param>
    /// <param name="read">Reads it; may be called at any time.</param>
    public void Count(string name, Func<long> read) => counters.Add(new StageCounter(name, read));

    /// <summary>Takes everything off, for the next run on the same machine.</summary>
    public void Clear()
    {
        parts.Clear();
        endChecks.Clear();
        counters.Clear();
        Statistics = null;
        Epilogue = null;
        Rounds = 1;
        ChecksLeaks = false;
    }
}
