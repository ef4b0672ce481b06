namespace MmuStress.Explorer.Tests;

/// <summary>Random small programs: 2 or 3 CPUs, each with a few operations. The same seed makes the same program.</summary>
internal sealed class RandomPrograms
{
    // Everything that reads, writes and counts comes twice as often as what is built from it.
    private static readonly RandomOpKind[] Accesses =
    [
        RandomOpKind.Read, RandomOpKind.Read, RandomOpKind.LoadAcquire, RandomOpKind.Write, RandomOpKind.Write, RandomOpKind.StoreRelease,
        RandomOpKind.Xchg, RandomOpKind.CmpXchg, RandomOpKind.CmpXchg, RandomOpKind.AddReturn, RandomOpKind.AtomicAdd, RandomOpKind.AtomicAdd,
        RandomOpKind.AtomicOr, RandomOpKind.AtomicOr, RandomOpKind.FetchOr, RandomOpKind.FetchAndNot,
    ];

    private static readonly RandomOpKind[] Rest =
    [
        RandomOpKind.HardwareRead, RandomOpKind.Peek, RandomOpKind.PlainRead, RandomOpKind.PlainWrite, RandomOpKind.WaitEqual, RandomOpKind.WaitEqual,
        RandomOpKind.WaitNotEqual, RandomOpKind.WaitNotEqual, RandomOpKind.Down, RandomOpKind.Up, RandomOpKind.Up, RandomOpKind.CompleteAll,
        RandomOpKind.WaitForCompletion, RandomOpKind.Synchronize, RandomOpKind.Choose, RandomOpKind.Use, RandomOpKind.Free, RandomOpKind.Send,
        RandomOpKind.Receive, RandomOpKind.Retry, RandomOpKind.Lock, RandomOpKind.Crossed, RandomOpKind.Locked, RandomOpKind.Locked,
        RandomOpKind.LockedShared, RandomOpKind.LockedShared, RandomOpKind.LockedWrite, RandomOpKind.SrcuSection, RandomOpKind.SrcuSection, RandomOpKind.IfEqual,
    ];

    private readonly RandomOpKind[] kinds;
    private SplitMix64 random;
    private bool hasRetry;
    private bool hasReceiver;

    private RandomPrograms(ulong seed)
    {
        random = new SplitMix64(seed);
        // Few kinds and few words in one program, so that its CPUs meet.
        kinds = Below(4) == 0 ? [RandomOpKind.Locked, RandomOpKind.Locked, Accesses[Below(Accesses.Length)]] : [.. Enumerable.Range(0, 2 + Below(4)).Select(_ => Below(2) == 0 ? Accesses[Below(Accesses.Length)] : Rest[Below(Rest.Length)])];
    }

    public static RandomProgram Make(ulong seed)
    {
        var maker = new RandomPrograms(seed);
        int cpus = 2 + maker.Below(2);
        int words = 1 + maker.Below(3);
        int most = cpus == 2 ? 5 : 3;
        return new RandomProgram([.. Enumerable.Range(0, cpus).Select(_ => maker.Operations(2 + maker.Below(most - 1), words, 0))]);
    }

    private IReadOnlyList<RandomOp> Operations(int count, int words, int depth) =>
        [.. Enumerable.Range(0, count).Select(_ => Operation(words, depth))];

    private RandomOp Operation(int words, int depth)
    {
        RandomOpKind kind = Below(4) == 0 ? Accesses[Below(Accesses.Length)] : kinds[Below(kinds.Length)];
        if ((kind == RandomOpKind.Retry && hasRetry) || (kind == RandomOpKind.Receive && hasReceiver) || (depth > 1 && kind >= RandomOpKind.Locked))
        {
            kind = RandomOpKind.Read;
        }

        hasRetry |= kind == RandomOpKind.Retry;
        hasReceiver |= kind == RandomOpKind.Receive;
        int target = kind is RandomOpKind.Lock or RandomOpKind.Crossed or RandomOpKind.Locked or RandomOpKind.LockedShared or RandomOpKind.LockedWrite
            ? Below(2)
            : Below(words);
        ulong a = kind is RandomOpKind.AddReturn or RandomOpKind.AtomicAdd && Below(3) == 0 ? ulong.MaxValue : 1 + (ulong)Below(2);
        if (kind is RandomOpKind.WaitEqual or RandomOpKind.WaitNotEqual or RandomOpKind.CmpXchg or RandomOpKind.IfEqual or RandomOpKind.Write)
        {
            a = (ulong)Below(3);
        }

        var op = new RandomOp(kind, target, a, (ulong)Below(3));
        if (kind < RandomOpKind.Locked)
        {
            return op;
        }

        bool isShort = kind is RandomOpKind.Locked or RandomOpKind.LockedWrite && Below(2) == 0;
        return op with { Body = isShort ? PlainAccesses(Below(3), target) : Operations(1 + Below(2), words, depth + 1) };
    }

    // What a lock protects: the word of the same number. Without a step of their own, critical sections that touch nothing in common commute.
    private IReadOnlyList<RandomOp> PlainAccesses(int count, int target) =>
        [.. Enumerable.Range(0, count).Select(_ => new RandomOp(Below(3) == 0 ? RandomOpKind.PlainWrite : RandomOpKind.PlainRead, target, 1 + (ulong)Below(2)))];

    private int Below(int limit) => random.Next(limit);
}
