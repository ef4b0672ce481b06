using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts.Coyote.Tests;

public sealed class CoyoteHostTests
{
    private static readonly LockClass MmuLock = new("mmu_lock", maySleep: false);
    private static readonly BlockKind Table = new("page-table page", "NoTableUseAfterFree", "NoTableLeak");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TwoIncrements_LoseOneUnlessAtomic(bool isAtomic)
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            async Coroutine Increment(Cpu cpu)
            {
                if (isAtomic)
                {
                    await cpu.AddReturn(sum, 1);
                }
                else
                {
                    await cpu.WriteOnce(sum, await cpu.ReadOnce(sum) + 1);
                }
            }

            Add(stage, "a", Increment);
            Add(stage, "b", Increment);
            stage.CheckAtEnd(() => Expect(stage, sum.Peek == 2));
        });

        Assert.Equal(isAtomic ? null : "Expected: it does not", outcome.Bug);
    }

    // Coyote would look for another order at a lock, too: what checkers do under one would no longer be part of the step.
    [Fact]
    public void Code_BetweenTwoMarkedAccesses_IsAtomicEvenWhereItLocks()
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
#pragma warning disable MA0158 // System.Threading.Lock escapes Coyote
            object gate = new();
#pragma warning restore MA0158
            int sum = 0;
            async Coroutine Increment(Cpu cpu)
            {
                await cpu.CondResched();
                int before = sum;
                lock (gate)
                {
                    sum = before + 1;
                }
            }

            Add(stage, "a", Increment);
            Add(stage, "b", Increment);
            stage.CheckAtEnd(() => Expect(stage, sum == 2));
        });

        Assert.Null(outcome.Bug);
    }

    // What the epilogue reads plainly is ordered after everything.
    [Fact]
    public void Epilogue_ComesAfterEverybody()
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
            Word word = stage.Machine.Memory.Allocate("word", "word")[0];
            Add(stage, "a", async cpu =>
            {
                await cpu.CondResched();
                cpu.Write(word, 1);
            });
            stage.Finally(async cpu =>
            {
                await cpu.CondResched();
                Expect(stage, cpu.Read(word) == 1);
            });
        });

        Assert.Null(outcome.Bug);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PlainWrites_RaceUnlessUnderALock(bool isLocked)
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
            Word word = stage.Machine.Memory.Allocate("word", "word")[0];
            var mmuLock = new SpinLock(stage.Machine, MmuLock);
            async Coroutine Write(Cpu cpu)
            {
                if (isLocked)
                {
                    await cpu.Lock(mmuLock);
                }

                cpu.Write(word, cpu.Read(word) + 1);
                if (isLocked)
                {
                    await cpu.Unlock(mmuLock);
                }
            }

            Add(stage, "a", Write);
            Add(stage, "b", Write);
            stage.CheckAtEnd(() => Expect(stage, word.Peek == 2));
        });

        if (isLocked)
        {
            Assert.Null(outcome.Bug);
        }
        else
        {
            Assert.StartsWith("NoDataRace: ", outcome.Bug, StringComparison.Ordinal);
            Assert.Equal(1, outcome.Schedules); // unordered in whatever order they come
        }
    }

    // B looks whether somebody waits before A has said so, and A looks for the event before B has said so.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Wakeup_ThatIsLost_IsADeadlock(bool saysFirst)
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
            Block words = stage.Machine.Memory.Allocate("words", "ready", "waiting", "woken");
            Add(stage, "a", async cpu =>
            {
                if (saysFirst)
                {
                    await cpu.WriteOnce(words[1], 1);
                }

                if (await cpu.ReadOnce(words[0]) == 0)
                {
                    await cpu.WriteOnce(words[1], 1);
                    await cpu.WaitUntilEqual(words[2], 1);
                }
            });
            Add(stage, "b", async cpu =>
            {
                await cpu.WriteOnce(words[0], 1);
                if (await cpu.ReadOnce(words[1]) == 1)
                {
                    await cpu.WriteOnce(words[2], 1);
                }
            });
        });

        Assert.Equal(saysFirst ? null : "NoDeadlock: a waits for woken to become 1 (it is 0)", outcome.Bug);
    }

    [Fact]
    public void Deadlock_OverALock_SaysWhoHoldsIt()
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
            Block words = stage.Machine.Memory.Allocate("words", "begun", "never");
            var mmuLock = new SpinLock(stage.Machine, MmuLock);
            Add(stage, "a", async cpu =>
            {
                await cpu.Lock(mmuLock);
                await cpu.WriteOnce(words[0], 1);
                await cpu.WaitUntilNotEqual(words[1], 0);
            });
            Add(stage, "b", async cpu =>
            {
                await cpu.WaitUntilEqual(words[0], 1);
                await cpu.Lock(mmuLock);
            });
        });

        Assert.Equal("NoDeadlock: a waits for never to change from 0; b waits for mmu_lock[0], held by a", outcome.Bug);
    }

    [Fact]
    public void Loop_ThatWaitsForNobody_IsALivelock()
    {
        Coyotes.Outcome outcome = Coyotes.Explore(
            stage =>
            {
                Word never = stage.Machine.Memory.Allocate("words", "never")[0];
                Add(stage, "a", async cpu =>
                {
                    while (await cpu.ReadOnce(never) == 0)
                    {
                        await cpu.CondResched();
                    }
                });
            },
            1);

        Assert.StartsWith("NoLivelock: ", outcome.Bug, StringComparison.Ordinal);
    }

    [Fact]
    public void Uncontrolled_Concurrency_IsAnError()
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage => Add(stage, "a", async cpu =>
        {
            System.Threading.ThreadPool.QueueUserWorkItem(_ => { });
            await cpu.CondResched();
        }));

        Assert.Contains("'System.Threading.ThreadPool.QueueUserWorkItem' is not intercepted and controlled", outcome.Bug, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Schedules);
    }

    [Fact]
    public void Uncontrolled_Time_IsAnError()
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage => Add(stage, "a", async cpu =>
        {
#pragma warning disable RS0030, MA0132 // that is the point
            cpu.Machine.Memory.Allocate("time", "time")[0].Initialise((ulong)DateTime.UtcNow.Ticks);
#pragma warning restore RS0030, MA0132
            await cpu.CondResched();
        }));

        Assert.Contains("'System.DateTime.get_UtcNow' introduces data non-determinism", outcome.Bug, StringComparison.Ordinal);
    }

    [Fact]
    public void Exception_InAnActor_IsABug() =>
        Assert.Equal(
            "NoException: a: FormatException: no number",
            Coyotes.Explore(stage => Add(stage, "a", _ => throw new FormatException("no number"))).Bug);

    [Fact]
    public void Lock_ThatIsNotHeld_CannotBeReleased() =>
        Assert.Equal(
            "LockDiscipline: a releases mmu_lock, which it does not hold",
            Coyotes.Explore(stage =>
            {
                var mmuLock = new SpinLock(stage.Machine, MmuLock);
                Add(stage, "a", async cpu => await cpu.Unlock(mmuLock));
            }).Bug);

    [Fact]
    public void Page_ThatIsUsedAfterItWasFreed_IsABugUnlessThatIsIgnored()
    {
        void Build(Stage stage)
        {
            Page page = stage.Machine.Memory.AllocatePage("table", Table);
            Add(stage, "a", async cpu => await cpu.ReadOnce(page[0]));
            Add(stage, "b", async cpu =>
            {
                await cpu.CondResched();
                cpu.Machine.Memory.FreePage(cpu, page);
            });
        }

        Assert.Equal("NoTableUseAfterFree: a uses table (page-table page), which is freed", Coyotes.Explore(Build).Bug);
        Assert.Null(Coyotes.Explore(stage =>
        {
            Build(stage);
            stage.Machine.Ignored = ["NoTableUseAfterFree"];
        }).Bug);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Leak_IsLookedForAfterTheEpilogue(bool isFreed)
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
            Page page = stage.Machine.Memory.AllocatePage("table", Table);
            Add(stage, "a", async cpu => await cpu.CondResched());
            stage.Finally(
                async cpu =>
                {
                    await cpu.CondResched();
                    if (isFreed)
                    {
                        cpu.Machine.Memory.FreePage(cpu, page);
                    }
                },
                checkLeaks: true);
        });

        Assert.Equal(isFreed ? null : "NoTableLeak: table (page-table page) was never freed", outcome.Bug);
    }

    // Whoever waits for a message when nobody is left to send one is idle; both orders of the two messages are seen.
    [Fact]
    public void Messages_ComeInEitherOrder_AndTheirReceiverIsIdleAfterThem()
    {
        var orders = new HashSet<string>(StringComparer.Ordinal);
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
            string order = "";
            var receiver = new ScriptActor("receiver", awaitsMessages: true);
            stage.Add(receiver);
            Add(stage, "a", cpu => receiver.Inbox.Send(cpu, Note("a")));
            Add(stage, "b", cpu => receiver.Inbox.Send(cpu, Note("b")));
            stage.CheckAtEnd(() => orders.Add(order));

            ScriptActor.Does Note(string who) => new(async cpu =>
            {
                await cpu.CondResched();
                order += who;
            });
        });

        Assert.Null(outcome.Bug);
        Assert.Equal(["ab", "ba"], orders.Order(StringComparer.Ordinal).ToArray());
    }

    [Fact]
    public void Choices_TakeEachAlternative()
    {
        var seen = new HashSet<ulong>();
        Coyotes.Outcome outcome = Coyotes.Explore(stage => Add(stage, "a", async cpu =>
        {
            Expect(stage, await cpu.Choose(1) == 0);
            seen.Add(await cpu.Choose(3));
        }));

        Assert.Null(outcome.Bug);
        Assert.Equal([0UL, 1UL, 2UL], seen.Order().ToArray());
    }

    [Fact]
    public void Rounds_RepeatTheScript()
    {
        Coyotes.Outcome outcome = Coyotes.Explore(stage =>
        {
            stage.Rounds = 3;
            Word sum = stage.Machine.Memory.Allocate("sum", "sum")[0];
            Add(stage, "a", async cpu => await cpu.AddReturn(sum, 1));
            stage.CheckAtEnd(() => Expect(stage, sum.Peek == 3));
        });

        Assert.Null(outcome.Bug);
    }

    private static void Add(Stage stage, string name, Func<Cpu, Coroutine> body) => stage.Add(new ScriptActor(name), new ScriptActor.Does(body));

    private static void Expect(Stage stage, bool condition)
    {
        if (!condition)
        {
            stage.Machine.Report(new Violation("Expected", "it does not"), null);
        }
    }
}
