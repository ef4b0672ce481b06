namespace MmuStress.Machine;

/// <summary>A contiguous piece of simulated memory: a kernel structure's shared fields, or a page.</summary>
/// <remarks>A location is a block and an index in it (<see cref="Word"/>), so the explorer can tell locations apart and freed memory can be poisoned.</remarks>
public class Block
{
    /// <summary>What freed memory is filled with (the kernel's POISON_FREE, in every byte).</summary>
    public const ulong Poison = 0x6b6b6b6b6b6b6b6b;

    /// <summary>What an explored page holds before it is first written (the kernel's POISON_INUSE, in every byte).</summary>
    public const ulong Uninitialised = 0x5a5a5a5a5a5a5a5a;

    private readonly ulong[] storage;
    private ulong[]? words; // null while every word is to hold what Refill said, and none has been looked at since
    private ulong filling;
    private string[]? fieldNames;

    /// <summary>A block of <paramref name="length"/> zeroed words.</summary>
    /// <param name="length">How many words, at least 1.</param>
    public Block(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        storage = new ulong[length];
        words = storage;
    }

    /// <summary>The contents. Only a <see cref="Cpu"/> implementation and a checker touch them directly.</summary>
    public ulong[] Words => words ?? Materialise();

    /// <summary>How many words it has.</summary>
    public int Length => storage.Length;

    /// <summary>What the explorer knows of each word in this run; null until it is first asked for.</summary>
    public object?[]? Shadow { get; set; }

    /// <summary>The last run in which the explorer learnt something of one of the words.</summary>
    public long ShadowRun { get; set; }

    /// <summary>What the explorer knows of the block as a whole in this run.</summary>
    public object? WholeShadow { get; set; }

    /// <summary>What an exhaustive search knows of who accessed which word; null until it is first asked for.</summary>
    public object? History { get; set; }

    /// <summary>Who is told of looks and frees; null, the normal case, for nobody.</summary>
    public MemoryObserver? Observer { get; internal set; }

    /// <summary>
    /// The block's number in its machine: who allocated it above, and the how-manieth allocation of that CPU it is below, so that it is the
    /// same in every run of a deterministic set-up, however CPUs are interleaved.
    /// </summary>
    public int Id { get; internal set; }

    /// <summary>What the memory is used for.</summary>
    public BlockKind Kind { get; internal set; } = BlockKind.Static;

    /// <summary>Whether the memory has been given back.</summary>
    public bool IsFreed { get; internal set; }

    /// <summary>The name of the structure, for people.</summary>
    public string Name { get; internal set; } = "";

    /// <summary>The word at <paramref name="index"/>.</summary>
    /// <param name="index">Its index in the block.</param>
    public Word this[int index] => new(this, index);

    /// <summary>What people call the word at <paramref name="index"/>.</summary>
    /// <param name="index">Its index in the block.</param>
    /// <returns>The field's name, or the block's name and the index.</returns>
    public string NameOf(int index) =>
        fieldNames is not null && index < fieldNames.Length ? fieldNames[index] : $"{Name}[{index}]";

    /// <summary>Has every word hold <paramref name="value"/>.</summary>
    /// <param name="value">The value.</param>
    public void Fill(ulong value)
    {
        Array.Fill(storage, value);
        words = storage;
    }

    /// <summary>Has every word hold <paramref name="value"/>, but writes it only when somebody looks. Only in memory that one thread uses.</summary>
    /// <param name="value">The value.</param>
    internal void Refill(ulong value)
    {
        filling = value;
        words = null;
    }

    internal void Describe(string name, BlockKind kind, string[]? fields)
    {
        // In a pool the same structure comes up again and again, and looking is cheaper than storing a reference.
        if (!ReferenceEquals(Name, name))
        {
            Name = name;
        }

        if (!ReferenceEquals(Kind, kind))
        {
            Kind = kind;
        }

        if (!ReferenceEquals(fieldNames, fields))
        {
            fieldNames = fields;
        }
    }

    private ulong[] Materialise()
    {
        Fill(filling);
        return storage;
    }
}
