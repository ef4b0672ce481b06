namespace MmuStress.Explorer;

/// <summary>A candidate execution: events, who reads from whom, in which order writes take effect, and what depends on what.</summary>
/// <remarks>
/// Initial values are no events: a read of one reads from <see cref="Initial"/>. It may be unfinished: reads whose source
/// is <see cref="Unknown"/> and writes that <see cref="Co"/> does not relate yet. The models' axioms only get harder to meet
/// as reads and coherence are decided and events are added, so an unfinished graph that breaks one is not worth finishing.
/// Not thread-safe. Nothing is allocated once it has been as large as it gets.
/// </remarks>
public sealed class ExecutionGraph
{
    /// <summary>What a read of the initial value reads from.</summary>
    public const int Initial = -1;

    /// <summary>What a read reads from that is not decided yet.</summary>
    public const int Unknown = -2;

    private EventKind[] kinds = [];
    private EventFlags[] flags = [];
    private int[] cpus = [];
    private int[] locations = [];
    private long[] values = [];
    private int[] sources = [];

    /// <summary>How many events it may have.</summary>
    public int Capacity { get; private set; }

    /// <summary>How many events it has.</summary>
    public int Count { get; private set; }

    /// <summary>From a read to the write of the same read-modify-write. Locks need not be related: their kinds say it.</summary>
    public Relation Rmw { get; } = new();

    /// <summary>From a read to the accesses whose address depends on it.</summary>
    public Relation Addr { get; } = new();

    /// <summary>From a read to the writes whose value depends on it.</summary>
    public Relation Data { get; } = new();

    /// <summary>From a read to the events that are performed only because of its value.</summary>
    public Relation Ctrl { get; } = new();

    /// <summary>Coherence: the order of the writes to each location, transitive. Locks' writes and unlocks are among them.</summary>
    public Relation Co { get; } = new();

    /// <summary>Makes it empty.</summary>
    /// <param name="capacity">How many events it may have.</param>
    public void Reset(int capacity)
    {
        Capacity = capacity;
        Count = 0;
        if (kinds.Length < capacity)
        {
            kinds = new EventKind[capacity];
            flags = new EventFlags[capacity];
            cpus = new int[capacity];
            locations = new int[capacity];
            values = new long[capacity];
            sources = new int[capacity];
        }

        Rmw.Reset(capacity);
        Addr.Reset(capacity);
        Data.Reset(capacity);
        Ctrl.Reset(capacity);
        Co.Reset(capacity);
    }

    /// <summary>Adds an event, program-order after all others of its CPU.</summary>
    /// <param name="cpu">Its CPU.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="location">What it accesses, any number; -1 for none.</param>
    /// <param name="value">The value read or written.</param>
    /// <param name="tags">How it is annotated.</param>
    /// <returns>Its number; events are numbered from 0.</returns>
    public int Add(int cpu, EventKind kind, int location = -1, long value = 0, EventFlags tags = EventFlags.None)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Count, Capacity);
        int e = Count++;
        kinds[e] = kind;
        flags[e] = tags;
        cpus[e] = cpu;
        locations[e] = location;
        values[e] = value;
        sources[e] = Unknown;
        return e;
    }

    /// <summary>What an event does.</summary>
    /// <param name="e">The event.</param>
    /// <returns>Its kind.</returns>
    public EventKind Kind(int e) => kinds[e];

    /// <summary>How an event is annotated.</summary>
    /// <param name="e">The event.</param>
    /// <returns>Its tags.</returns>
    public EventFlags Flags(int e) => flags[e];

    /// <summary>The CPU of an event.</summary>
    /// <param name="e">The event.</param>
    /// <returns>Its CPU.</returns>
    public int Cpu(int e) => cpus[e];

    /// <summary>What an event accesses.</summary>
    /// <param name="e">The event.</param>
    /// <returns>Its location; -1 for none.</returns>
    public int Location(int e) => locations[e];

    /// <summary>The value that an event reads or writes.</summary>
    /// <param name="e">The event.</param>
    /// <returns>Its value.</returns>
    public long Value(int e) => values[e];

    /// <summary>Where a read's value comes from.</summary>
    /// <param name="e">The read.</param>
    /// <returns>A write, <see cref="Initial"/> or <see cref="Unknown"/>.</returns>
    public int ReadsFrom(int e) => sources[e];

    /// <summary>Decides where a read's value comes from.</summary>
    /// <param name="e">The read.</param>
    /// <param name="write">A write, <see cref="Initial"/> or <see cref="Unknown"/>.</param>
    public void SetReadsFrom(int e, int write) => sources[e] = write;

    /// <summary>Whether an event reads (R of the kernel's model).</summary>
    /// <param name="e">The event.</param>
    /// <returns>Whether it does.</returns>
    public bool IsRead(int e) => IsRead(kinds[e]);

    /// <summary>Whether an event writes (W of the kernel's model).</summary>
    /// <param name="e">The event.</param>
    /// <returns>Whether it does.</returns>
    public bool IsWrite(int e) => IsWrite(kinds[e]);

    /// <summary>Whether events of a kind read.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>Whether they do.</returns>
    public static bool IsRead(EventKind kind) =>
        kind is EventKind.Read or EventKind.LockRead or EventKind.LockFail or EventKind.ReadUnlocked or EventKind.SrcuLock;

    /// <summary>Whether events of a kind write.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>Whether they do.</returns>
    public static bool IsWrite(EventKind kind) =>
        kind is EventKind.Write or EventKind.LockWrite or EventKind.Unlock or EventKind.SrcuUnlock;
}
