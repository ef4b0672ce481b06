namespace MmuStress.Explorer.Tests;

/// <summary>Executions built by hand, as an engine builds them.</summary>
public sealed class ConsistencyTests
{
    private const int X = 0;
    private const int Y = 1;
    private const int Lock = 2;

    /// <summary>The old value after the new one: what each model says to message passing, and which barriers change it.</summary>
    [Theory]
    [InlineData(null, null, false, false, true)]
    [InlineData(EventKind.Wmb, null, false, false, true)]
    [InlineData(null, EventKind.Rmb, false, false, true)]
    [InlineData(EventKind.Wmb, EventKind.Rmb, false, false, false)]
    [InlineData(EventKind.Mb, EventKind.Mb, false, false, false)]
    [InlineData(EventKind.Rmb, EventKind.Wmb, false, false, true)]
    public void MessagePassing_OldValue_IsAllowedWithoutBothBarriers(EventKind? writers, EventKind? readers, bool sc, bool tso, bool lkmm)
    {
        var graph = new ExecutionGraph();
        graph.Reset(6);
        graph.Add(0, EventKind.Write, X, 1, EventFlags.Once);
        AddIf(graph, 0, writers);
        int published = graph.Add(0, EventKind.Write, Y, 1, EventFlags.Once);
        int flag = graph.Add(1, EventKind.Read, Y, 1, EventFlags.Once);
        AddIf(graph, 1, readers);
        int data = graph.Add(1, EventKind.Read, X, 0, EventFlags.Once);
        graph.SetReadsFrom(flag, published);
        graph.SetReadsFrom(data, ExecutionGraph.Initial);
        Assert.Equal((sc, tso, lkmm), (IsAllowed(new Sc(), graph), IsAllowed(new Tso(), graph), IsAllowed(new Lkmm(), graph)));
    }

    [Fact]
    public void UnfinishedExecution_IsForbidden_WhereNoWayToFinishItIsAllowed()
    {
        var graph = new ExecutionGraph();
        graph.Reset(5);
        int old = graph.Add(0, EventKind.Write, X, 1, EventFlags.Once);
        int last = graph.Add(0, EventKind.Write, X, 2, EventFlags.Once);
        int first = graph.Add(1, EventKind.Read, X, 2, EventFlags.Once);
        int second = graph.Add(1, EventKind.Read, X, 1, EventFlags.Once);
        graph.Add(1, EventKind.Read, Y, 0, EventFlags.Once);
        var lkmm = new Lkmm();
        graph.Co.Add(old, last);
        Assert.True(IsAllowed(lkmm, graph));
        graph.SetReadsFrom(first, last);
        Assert.True(lkmm.IsConsistent());
        graph.SetReadsFrom(second, old);
        Assert.False(lkmm.IsConsistent());
        graph.SetReadsFrom(second, ExecutionGraph.Unknown);
        Assert.True(lkmm.IsConsistent());
    }

    /// <summary>What a lock protects is seen by who takes it next, and what it does not protect races.</summary>
    [Theory]
    [InlineData(true, LkmmFlags.None)]
    [InlineData(false, LkmmFlags.DataRace)]
    public void PlainAccesses_RaceUnlessALockOrdersThem(bool isLocked, LkmmFlags flags)
    {
        var graph = new ExecutionGraph();
        graph.Reset(8);
        int unlock = -1;
        int write = -1;
        for (int cpu = 0; cpu < 2; cpu++)
        {
            int taken = isLocked ? graph.Add(cpu, EventKind.LockRead, Lock) : -1;
            int lockWrite = isLocked ? graph.Add(cpu, EventKind.LockWrite, Lock, 1) : -1;
            int access = graph.Add(cpu, cpu == 0 ? EventKind.Write : EventKind.Read, X, 1);
            int given = isLocked ? graph.Add(cpu, EventKind.Unlock, Lock) : -1;
            if (isLocked)
            {
                graph.SetReadsFrom(taken, cpu == 0 ? ExecutionGraph.Initial : unlock);
                graph.Co.Add(lockWrite, given);
                if (cpu == 1)
                {
                    foreach (int earlier in new[] { unlock - 2, unlock })
                    {
                        graph.Co.Add(earlier, lockWrite);
                        graph.Co.Add(earlier, given);
                    }
                }
            }

            if (cpu == 1)
            {
                graph.SetReadsFrom(access, write);
            }

            (unlock, write) = (given, access);
        }

        var lkmm = new Lkmm();
        Assert.True(IsAllowed(lkmm, graph));
        Assert.Equal(flags, lkmm.Flags());
    }

    [Fact]
    public void Judging_OnceAsLargeAsItGets_DoesNotAllocate()
    {
        var graph = new ExecutionGraph();
        var lkmm = new Lkmm();
        Use();
        Use();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            Use();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Use()
        {
            graph.Reset(100);
            for (int i = 0; i < 20; i++)
            {
                graph.Add(0, EventKind.RcuLock);
                int read = graph.Add(0, EventKind.Read, X + 3 + i, 0, i % 2 == 0 ? EventFlags.Once : EventFlags.None);
                graph.SetReadsFrom(read, ExecutionGraph.Initial);
                int write = graph.Add(0, EventKind.Write, X + 3 + i, 1, EventFlags.Release);
                graph.Data.Add(read, write);
                graph.Add(0, EventKind.RcuUnlock);
                graph.Add(1, EventKind.SyncRcu);
            }

            lkmm.Load(graph);
            lkmm.IsConsistent();
            lkmm.Flags();
        }
    }

    private static void AddIf(ExecutionGraph graph, int cpu, EventKind? kind)
    {
        if (kind is { } fence)
        {
            graph.Add(cpu, fence);
        }
    }

    private static bool IsAllowed(IConsistencyModel model, ExecutionGraph graph)
    {
        model.Load(graph);
        return model.IsConsistent();
    }
}
