namespace MmuStress.Explorer;

/// <summary>One access of a step.</summary>
/// <param name="Block">The number of the block.</param>
/// <param name="Index">The word in it; -1 for the block as a whole.</param>
/// <param name="Kind">What the step does there.</param>
internal readonly record struct Access(int Block, int Index, AccessKind Kind)
{
    /// <summary>The block of an access that may be to any block.</summary>
    public const int Anywhere = -1;

    // A row for each kind: the kinds that do not commute with it.
    private static readonly ushort[] DependentOn = Dependencies();

    // A row for each kind: those of them that could have come first. A lock is never taken before it is given back.
    private static readonly ushort[] RacingWith = Races();

    /// <summary>The kinds of accesses to the same location that <paramref name="kind"/> does not commute with, one bit each.</summary>
    public static ushort Dependents(AccessKind kind) => DependentOn[(int)kind];

    /// <summary>Those of them that could as well have come in the other order.</summary>
    public static ushort Racers(AccessKind kind) => RacingWith[(int)kind];

    /// <summary>Whether the order of the two matters.</summary>
    public bool DependsOn(in Access other) =>
        Index == other.Index && Block == other.Block && (DependentOn[(int)Kind] >> (int)other.Kind & 1) != 0;

    private static ushort[] Dependencies()
    {
        var rows = new ushort[(int)AccessKind.Free + 1];
        AccessKind[] reads = [AccessKind.Read, AccessKind.HardwareRead, AccessKind.Look];
        AccessKind[] lockOperations = [AccessKind.Acquire, AccessKind.AcquireShared, AccessKind.Release, AccessKind.ReleaseShared, AccessKind.Section];
        foreach (AccessKind read in reads)
        {
            Depend(read, AccessKind.Write);
            Depend(read, AccessKind.Add);
            Depend(read, AccessKind.SetBits);
        }

        Depend(AccessKind.Write, AccessKind.Write);
        Depend(AccessKind.Write, AccessKind.Add);
        Depend(AccessKind.Write, AccessKind.SetBits);
        Depend(AccessKind.Add, AccessKind.SetBits);
        Depend(AccessKind.PlainWrite, AccessKind.HardwareRead);
        Depend(AccessKind.PlainWrite, AccessKind.Look);
        foreach (AccessKind operation in lockOperations)
        {
            foreach (AccessKind access in (AccessKind[])[AccessKind.Read, AccessKind.Look, AccessKind.Write, AccessKind.Add])
            {
                Depend(operation, access);
            }
        }

        Depend(AccessKind.Acquire, AccessKind.Acquire);
        Depend(AccessKind.Acquire, AccessKind.AcquireShared);
        Depend(AccessKind.Acquire, AccessKind.Release);
        Depend(AccessKind.Acquire, AccessKind.ReleaseShared);
        Depend(AccessKind.AcquireShared, AccessKind.Release);
        Depend(AccessKind.Section, AccessKind.Acquire);
        Depend(AccessKind.Section, AccessKind.AcquireShared);
        Depend(AccessKind.Section, AccessKind.Release);
        Depend(AccessKind.Section, AccessKind.ReleaseShared);
        Depend(AccessKind.Free, AccessKind.Use);
        Depend(AccessKind.Free, AccessKind.Fill);
        Depend(AccessKind.Fill, AccessKind.Use);
        Depend(AccessKind.Fill, AccessKind.Fill);
        Depend(AccessKind.Free, AccessKind.Free);
        return rows;

        void Depend(AccessKind a, AccessKind b)
        {
            rows[(int)a] |= (ushort)(1 << (int)b);
            rows[(int)b] |= (ushort)(1 << (int)a);
        }
    }

    private static ushort[] Races()
    {
        ushort[] rows = Dependencies();
        NeverFirst(AccessKind.Acquire, AccessKind.Release);
        NeverFirst(AccessKind.Acquire, AccessKind.ReleaseShared);
        NeverFirst(AccessKind.AcquireShared, AccessKind.Release);
        NeverFirst(AccessKind.Section, AccessKind.Release);
        NeverFirst(AccessKind.Section, AccessKind.ReleaseShared);
        return rows;

        void NeverFirst(AccessKind a, AccessKind b)
        {
            rows[(int)a] &= (ushort)~(1 << (int)b);
            rows[(int)b] &= (ushort)~(1 << (int)a);
        }
    }
}
