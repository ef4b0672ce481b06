using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>What each step of an execution accesses: its operation, and what the code does between it and the next one.</summary>
/// <remarks>
/// Plain reads and writes count only where the order of two steps can matter although no data race is reported: against a page-table walker,
/// a checker's look, and freeing. What a checker looks at counts, so that every outcome of a check is explored.
/// </remarks>
internal sealed class Footprints : MemoryObserver
{
    private Access[] accesses = new Access[256];
    private LocationHistory[] histories = new LocationHistory[256];
    private ulong[] before = new ulong[256];
    private ulong[] seen = new ulong[256];
    private int cpus;
    private int step;

    /// <summary>Whether plain accesses count as marked ones do: where critical sections commute, a lock does not order them.</summary>
    public bool CountsPlain { get; set; }

    /// <summary>Whether accesses are taken down now.</summary>
    public bool IsRecording { get; set; }

    /// <summary>Whether an operation may see an old value, so that the newest one does not tell what it does.</summary>
    public bool SeesOld { get; set; }

    /// <summary>How many have been taken down.</summary>
    public int Count { get; private set; }

    /// <summary>The access with number <paramref name="i"/>.</summary>
    public ref readonly Access this[int i] => ref accesses[i];

    /// <summary>The history of the location that access <paramref name="i"/> is to.</summary>
    public LocationHistory HistoryAt(int i) => histories[i];

    /// <summary>What the word that access <paramref name="i"/> is to held before the step; 0 for a whole block.</summary>
    public ulong ValueBefore(int i) => before[i];

    /// <summary>For a word that a CPU looks at before it retries, what it read there.</summary>
    public ulong ValueSeen(int i) => seen[i];

    /// <summary>Prepares for runs of <paramref name="count"/> CPUs.</summary>
    public void Begin(int count) => cpus = count;

    /// <summary>Forgets all accesses from number <paramref name="count"/> on.</summary>
    public void Truncate(int count) => Count = count;

    /// <summary>Takes down the operation that <paramref name="cpu"/> is about to perform.</summary>
    public void Operation(ExploredCpu cpu)
    {
        ref Operation op = ref cpu.Pending;
        step++;
        switch (op.Kind)
        {
            case OperationKind.None:
            case OperationKind.Start:
            case OperationKind.WaitForOthers:
                break;
            case OperationKind.CondResched:
                for (int i = 0; i < cpu.Seen.Count; i++)
                {
                    ref readonly SeenWord word = ref cpu.Seen[i];
                    Add(word.Block, word.Index, AccessKind.Look);
                    seen[Count - 1] = word.Value;
                }

                break;
            case OperationKind.SrcuReadLock:
                Add(op.Block!, op.Index, AccessKind.Read);
                Word counter = ((Srcu)op.Subject!).Counter(cpu, op.Block!.Words[op.Index]);
                Add(counter.Block, counter.Index, AccessKind.Add);
                if (SeesOld)
                {
                    Word other = ((Srcu)op.Subject!).Counter(cpu, op.Block!.Words[op.Index] ^ 1);
                    Add(other.Block, other.Index, AccessKind.Add);
                }

                break;
            default:
                Add(op.Block!, op.Index, SeesOld && op.Kind is OperationKind.CmpXchg or OperationKind.AtomicAdd or OperationKind.AtomicOr ? AccessKind.Write : KindOf(op));
                Use(op.Block!);
                break;
        }
    }

    /// <summary>A plain read.</summary>
    public void PlainRead(Block block, int index)
    {
        if (IsRecording)
        {
            if (CountsPlain)
            {
                Add(block, index, AccessKind.Read);
            }

            Use(block);
        }
    }

    /// <summary>A plain write.</summary>
    public void PlainWrite(Block block, int index)
    {
        if (IsRecording)
        {
            Add(block, index, CountsPlain ? AccessKind.Write : AccessKind.PlainWrite);
            Use(block);
        }
    }

    /// <summary>Plain writes to a whole block.</summary>
    public void Fill(Block block)
    {
        if (!IsRecording)
        {
            return;
        }

        if (!ReferenceEquals(block.Kind, BlockKind.Static))
        {
            Add(block, -1, AccessKind.Fill);
            return;
        }

        for (int i = 0; i < block.Words.Length; i++)
        {
            Add(block, i, CountsPlain ? AccessKind.Write : AccessKind.PlainWrite);
        }
    }

    /// <inheritdoc/>
    public override void Peeked(Block block, int index)
    {
        if (IsRecording)
        {
            Add(block, index, AccessKind.Look);
            Use(block);
        }
    }

    /// <inheritdoc/>
    public override void Noted(Block block, int index)
    {
        if (IsRecording)
        {
            Add(block, index, AccessKind.Write);
        }
    }

    /// <inheritdoc/>
    public override void Freed(Block block)
    {
        if (IsRecording)
        {
            Add(block, -1, AccessKind.Free);
        }
    }

    /// <summary>The acquisition that access <paramref name="i"/> is turns out to be a whole section.</summary>
    public void MakeSection(int i)
    {
        histories[i].Kinds |= (ushort)(1 << (int)AccessKind.Section);
        accesses[i] = accesses[i] with { Kind = AccessKind.Section };
    }

    private static AccessKind KindOf(in Operation op) => op.Kind switch
    {
        OperationKind.ReadOnce or OperationKind.LoadAcquire or OperationKind.WaitUntilEqual or OperationKind.WaitUntilNotEqual => AccessKind.Read,
        OperationKind.HardwareRead => AccessKind.HardwareRead,
        OperationKind.CmpXchg => op.Block!.Words[op.Index] == op.A ? AccessKind.Write : AccessKind.Read,
        OperationKind.SrcuReadUnlock or OperationKind.AtomicAdd => AccessKind.Add,
        OperationKind.AtomicOr => AccessKind.SetBits,
        OperationKind.Lock => AccessKind.Acquire,
        OperationKind.ReadLock => AccessKind.AcquireShared,
        OperationKind.Unlock => AccessKind.Release,
        OperationKind.ReadUnlock => AccessKind.ReleaseShared,
        _ => AccessKind.Write,
    };

    private void Use(Block block)
    {
        if (!ReferenceEquals(block.Kind, BlockKind.Static))
        {
            Add(block, -1, AccessKind.Use);
        }
    }

    private void Add(Block block, int index, AccessKind kind)
    {
        if (Count == accesses.Length)
        {
            Array.Resize(ref accesses, Count * 2);
            Array.Resize(ref histories, Count * 2);
            Array.Resize(ref before, Count * 2);
            Array.Resize(ref seen, Count * 2);
        }

        LocationHistory history = BlockHistory.Of(block, index, this, cpus);
        ushort bit = (ushort)(1 << (int)kind);
        if (history.Step != step)
        {
            history.Step = step;
            history.StepKinds = 0;
        }
        else if ((history.StepKinds & bit) != 0)
        {
            return; // once is enough
        }

        history.StepKinds |= bit;
        history.Kinds |= bit;
        histories[Count] = history;
        before[Count] = index < 0 ? 0 : block.Words[index];
        accesses[Count++] = new Access(block.Id, index, kind);
    }
}
