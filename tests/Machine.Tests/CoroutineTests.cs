using System.Runtime.CompilerServices;

namespace MmuStress.Machine.Tests;

public sealed class CoroutineTests
{
    private readonly List<string> log = [];
    private readonly Gate gate = new();

    [Fact]
    public void Call_WithoutSuspension_CompletesAtOnceWithItsResult()
    {
        Coroutine<int> call = AddNow(2, 3);

        Assert.True(call.IsCompleted);
        Assert.Equal(5, call.GetResult());
    }

    [Fact]
    public void Call_Suspended_GoesOnWhereItStopped()
    {
        Coroutine call = Steps("a");
        Assert.False(call.IsCompleted);
        Assert.Equal(["a 0"], log);

        gate.Open();
        Assert.False(call.IsCompleted);
        Assert.Equal(["a 0", "a 1"], log);

        gate.Open();
        Assert.True(call.IsCompleted);
        Assert.Equal(["a 0", "a 1", "a 2"], log);
        call.GetResult();
    }

    [Fact]
    public void Call_NestedAndSuspended_ReturnsThroughEveryCaller()
    {
        Coroutine<int> call = Nested(5);
        Assert.False(call.IsCompleted);

        gate.Open();

        Assert.True(call.IsCompleted);
        Assert.Equal(5 + 4 + 3 + 2 + 1 + 100, call.GetResult());
    }

    [Fact]
    public void Exception_BeforeSuspension_IsThrownToTheCallerOnly()
    {
        Coroutine<int> call = ThrowsAtOnce();

        Assert.True(call.IsCompleted);
        Assert.Equal("at once", Assert.Throws<InvalidOperationException>(() => call.GetResult()).Message);
    }

    [Fact]
    public void Exception_AfterSuspension_PassesThroughFinallyAndCanBeCaught()
    {
        Coroutine<string> call = Catches();
        Assert.False(call.IsCompleted);

        gate.Open();

        Assert.Equal("caught later", call.GetResult());
        Assert.Equal(["finally"], log);
    }

    [Fact]
    public void Exception_UncaughtAfterSuspension_ComesOutOfGetResult()
    {
        Coroutine call = ThrowsLater();
        gate.Open();

        Assert.True(call.IsCompleted);
        Assert.Equal("later", Assert.Throws<InvalidOperationException>(call.GetResult).Message);
    }

    // Calls of one method one after another share a box; a box left dirty would carry a result, an exception or a caller over.
    [Fact]
    public void Boxes_UsedAgainAfterResultAndException_CarryNothingOver()
    {
        for (int round = 0; round < 300; round++)
        {
            Coroutine<int> fine = MayThrow(round, throws: false);
            gate.Open();
            Assert.Equal(round, fine.GetResult());

            Coroutine<int> failing = MayThrow(round, throws: true);
            gate.Open();
            Assert.Throws<InvalidOperationException>(() => failing.GetResult());

            Coroutine<int> nested = Nested(round % 7);
            gate.Open();
            Assert.Equal(100 + (round % 7 * ((round % 7) + 1) / 2), nested.GetResult());
        }
    }

    // A thousand calls suspended at the same time: more than the pool keeps.
    [Fact]
    public void Boxes_ManyAtOnce_AreAllDistinct()
    {
        List<Gate> gates = Enumerable.Range(0, 1000).Select(_ => new Gate()).ToList();
        List<Coroutine<int>> calls = gates.Select((g, i) => Wait(g, i)).ToList();
        for (int i = gates.Count - 1; i >= 0; i--)
        {
            gates[i].Open();
        }

        Assert.Equal(Enumerable.Range(0, 1000), calls.Select(c => c.GetResult()));
    }

    // The state machine holds 4 KB, so a box that is not used again shows: 1,000 calls would allocate 4 MB.
    [Fact]
    public void Boxes_OfCallsThatEnded_AreUsedAgain()
    {
        for (int i = 0; i < 10; i++)
        {
            RunLarge();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            RunLarge();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Call_OnNativeCpu_AllocatesNothing()
    {
        var machine = new NativeMachine(srcuShards: 1);
        NativeCpu cpu = machine.AddCpu("cpu0");
        Word word = machine.Memory.Allocate("counter", "n")[0];
        CountTo(cpu, word, 1000).Done();

        long before = GC.GetAllocatedBytesForCurrentThread();
        CountTo(cpu, word, 1000).Done();
        long after = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(2000UL, word.Peek);
        Assert.Equal(0, after - before);
    }

    private static async Coroutine CountTo(Cpu cpu, Word word, int times)
    {
        for (int i = 0; i < times; i++)
        {
            await CountOne(cpu, word);
        }
    }

    private static async Coroutine<ulong> CountOne(Cpu cpu, Word word) => await cpu.AddReturn(word, 1);

    private static async Coroutine<int> Wait(Gate gate, int value)
    {
        await gate;
        return value;
    }

    private void RunLarge()
    {
        Coroutine<long> call = Large();
        gate.Open();
        Assert.Equal(7, call.GetResult());
    }

    private async Coroutine<long> Large()
    {
        var large = default(Large4K);
        large[511] = 7;
        await gate;
        return large[511];
    }

#pragma warning disable CS1998 // without an await on purpose
    private static async Coroutine<int> AddNow(int a, int b) => a + b;

    private static async Coroutine<int> ThrowsAtOnce() => throw new InvalidOperationException("at once");
#pragma warning restore CS1998

    private async Coroutine Steps(string name)
    {
        log.Add($"{name} 0");
        await gate;
        log.Add($"{name} 1");
        await gate;
        log.Add($"{name} 2");
    }

    private async Coroutine<int> Nested(int depth)
    {
        if (depth == 0)
        {
            await gate;
            return 100;
        }

        return depth + await Nested(depth - 1);
    }

    private async Coroutine<int> MayThrow(int value, bool throws)
    {
        await gate;
        return throws ? throw new InvalidOperationException("later") : value;
    }

    private async Coroutine ThrowsLater()
    {
        await gate;
        throw new InvalidOperationException("later");
    }

    private async Coroutine<string> Catches()
    {
        try
        {
            try
            {
                await ThrowsLater();
            }
            finally
            {
                log.Add("finally");
            }
        }
        catch (InvalidOperationException e)
        {
            return "caught " + e.Message;
        }

        return "nothing thrown";
    }

    [InlineArray(512)]
    private struct Large4K
    {
        private long first;
    }

    /// <summary>Suspends whoever awaits it until it is opened.</summary>
    private sealed class Gate : ICriticalNotifyCompletion
    {
        private Action? waiter;

        public bool IsCompleted => false;

        public Gate GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => waiter = continuation;

        public void UnsafeOnCompleted(Action continuation) => waiter = continuation;

        public void Open()
        {
            Action now = waiter!;
            waiter = null;
            now();
        }
    }
}
