using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>What the exhaustive search has to find, each in few executions only, and its replay on an ordinary machine.</summary>
public sealed class FoundTests
{
    private static readonly ulong[] Zeros = [0, 0, 0, 0];

    [Fact]
    public void Deadlock_OfTwoMutexes_IsFound()
    {
        HandCounted.Violates(MachineInvariants.NoDeadlock, Programs.TwoMutexes(isMended: false));
        HandCounted.Count(2, Programs.TwoMutexes(isMended: true)); // who takes the outer one first
    }

    [Fact]
    public void LostWakeup_IsFound() => HandCounted.Violates(MachineInvariants.NoDeadlock, Programs.LostWakeup(isMended: false));

    [Fact]
    public void LostUpdate_IsFound() => HandCounted.Violates("NoLostUpdate", Programs.LostUpdate(isMended: false, bystanders: 2));

    /// <summary>Freeing is no step of its own: it goes with the write before it, and the other CPU's use with its read.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void UseAfterFree_ThatOneOrderShows_IsFound(bool userIsFirst) => HandCounted.Violates("NoUseAfterFree", new TestProgram(machine =>
    {
        Block words = machine.Memory.Allocate("words", 2, BlockKind.Static);
        words[0].Initialise(0);
        words[1].Initialise(0);
        Block freed = machine.Memory.Allocate("object", 1, HandCounted.ObjectKind);
        Func<Cpu, Coroutine>[] bodies = [cpu => UseAfterRead(cpu, words[0], freed), cpu => FreeAfterWrite(cpu, words[1], freed)];
        foreach (Func<Cpu, Coroutine> body in userIsFirst ? bodies : bodies.Reverse())
        {
            machine.Spawn("cpu", body);
        }
    }));

    /// <summary>The use is a step inside the one's section, and freeing goes with taking the lock in the other's: only the sections can change places.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void UseAfterFree_InALaterSection_IsFound(bool userIsFirst) => HandCounted.Violates("NoUseAfterFree", new TestProgram(machine =>
    {
        Block words = machine.Memory.Allocate("words", 1, BlockKind.Static);
        words[0].Initialise(0);
        Block freed = machine.Memory.Allocate("object", 1, HandCounted.ObjectKind);
        var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
        Func<Cpu, Coroutine>[] bodies = [cpu => UseInSection(cpu, mmuLock, words[0], freed), cpu => FreeInSection(cpu, mmuLock, freed)];
        foreach (Func<Cpu, Coroutine> body in userIsFirst ? bodies : bodies.Reverse())
        {
            machine.Spawn("cpu", body);
        }
    }));

    /// <summary>A grace period that begins before the section is over ends after it, and only then is the block freed.</summary>
    [Fact]
    public void UseAfterFree_WithoutTheGracePeriod_IsFound()
    {
        HandCounted.Violates("NoUseAfterFree", FreeAfterUnlink(waits: false));
        Assert.Null(new Verification(() => FreeAfterUnlink(waits: true), new VerificationOptions()).Run().Finding);
    }

    /// <summary>Between two plain writes the word is 1, which only a look in between sees.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Look_BetweenTwoPlainWrites_IsExplored(bool checkerIsFirst) => HandCounted.Violates("NeverOne", new TestProgram(machine =>
    {
        Block words = machine.Memory.Allocate("words", 3, BlockKind.Static);
        for (int i = 0; i < 3; i++)
        {
            words[i].Initialise(0);
        }

        Func<Cpu, Coroutine>[] bodies = [cpu => CheckNeverOne(cpu, words), cpu => WritePlainly(cpu, words)];
        foreach (Func<Cpu, Coroutine> body in checkerIsFirst ? bodies : bodies.Reverse())
        {
            machine.Spawn("cpu", body);
        }
    }));

    /// <summary>Readers share the lock: one that comes after the other has gone is in no order with it, and races in every execution.</summary>
    [Fact]
    public void DataRace_OfTwoReadSections_IsFound() => HandCounted.Violates(MachineInvariants.NoDataRace, new TestProgram(machine =>
    {
        Word word = machine.Memory.Allocate("words", 1, BlockKind.Static)[0];
        word.Initialise(0);
        var target = new RwLock(machine, LockClasses.MmuLock);
        machine.Spawn("cpu0", cpu => WriteInReadSection(cpu, target, word));
        machine.Spawn("cpu1", cpu => WriteInReadSection(cpu, target, word));
    }));

    [Fact]
    public void Livelock_WhereNobodyEndsARetry_IsReported() =>
        HandCounted.Violates(MachineInvariants.NoLivelock, Programs.PoliteSpinners(count: 2, hasSetter: false));

    /// <summary>The word is 1 for a while; a retry that misses it never ends.</summary>
    [Fact]
    public void Livelock_OfARetryThatMissesTheMoment_IsReported() =>
        HandCounted.Violates(MachineInvariants.NoLivelock, HandCounted.On(Zeros, (cpu, words) => Window(cpu, words), SpinUntilOne));

    /// <summary>One CPU gives up after its retry and writes what the other waits for: no livelock, though both retry in vain for a while.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Retry_OfOneThatGivesUp_IsNoLivelock(bool spinnerIsFirst) => HandCounted.Count(
        1, // giving up comes when nobody else can go on: the spinner has looked before the write
        HandCounted.On(Zeros, spinnerIsFirst ? [SpinUntilOne, GiveUpAndSet] : [GiveUpAndSet, SpinUntilOne]));

    /// <summary>A retry that is given up after a while still sees what is there only for a moment.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Retry_ThatIsGivenUp_StillSeesTheMoment(bool spinnerIsFirst)
    {
        Func<Cpu, Block, Coroutine>[] bodies = [FailAfterRetry, Window];
        HandCounted.Violates("NeverAfterRetry", HandCounted.On(Zeros, spinnerIsFirst ? bodies : [.. bodies.Reverse()]));
    }

    private static async Coroutine WriteInReadSection(Cpu cpu, RwLock target, Word word)
    {
        await cpu.ReadLock(target);
        cpu.Write(word, 1);
        await cpu.ReadUnlock(target);
    }

    private static TestProgram FreeAfterUnlink(bool waits) => new(machine =>
    {
        Word pointer = machine.Memory.Allocate("pointer", 1, BlockKind.Static)[0];
        pointer.Initialise(1);
        Block freed = machine.Memory.Allocate("object", 1, HandCounted.ObjectKind);
        var srcu = new Srcu(machine);
        machine.Spawn("reader", cpu => ReadInSrcu(cpu, srcu, pointer, freed));
        machine.Spawn("updater", cpu => Unlink(cpu, srcu, pointer, freed, waits));
    });

    private static async Coroutine ReadInSrcu(Cpu cpu, Srcu srcu, Word pointer, Block target)
    {
        ulong index = await cpu.SrcuReadLock(srcu);
        if (await cpu.ReadOnce(pointer) != 0)
        {
            await cpu.ReadOnce(target[0]);
        }

        await cpu.SrcuReadUnlock(srcu, index);
    }

    private static async Coroutine Unlink(Cpu cpu, Srcu srcu, Word pointer, Block target, bool waits)
    {
        await cpu.WriteOnce(pointer, 0);
        if (waits)
        {
            await cpu.SynchronizeSrcu(srcu);
        }

        cpu.Machine.Memory.Free(cpu, target);
    }

    private static async Coroutine UseAfterRead(Cpu cpu, Word word, Block target)
    {
        await cpu.ReadOnce(word);
        cpu.Read(target[0]);
    }

    private static async Coroutine FreeAfterWrite(Cpu cpu, Word word, Block target)
    {
        await cpu.WriteOnce(word, 1);
        cpu.Machine.Memory.Free(cpu, target);
    }

    private static async Coroutine UseInSection(Cpu cpu, SpinLock mmuLock, Word word, Block target)
    {
        await cpu.Lock(mmuLock);
        await cpu.ReadOnce(word);
        cpu.Read(target[0]);
        await cpu.Unlock(mmuLock);
    }

    private static async Coroutine FreeInSection(Cpu cpu, SpinLock mmuLock, Block target)
    {
        await cpu.Lock(mmuLock);
        cpu.Machine.Memory.Free(cpu, target);
        await cpu.Unlock(mmuLock);
    }

    private static async Coroutine CheckNeverOne(Cpu cpu, Block words)
    {
        await cpu.WriteOnce(words[1], 1);
        if (words[0].Peek == 1)
        {
            cpu.Fail("NeverOne", "the word is 1");
        }
    }

    private static async Coroutine WritePlainly(Cpu cpu, Block words)
    {
        await cpu.WriteOnce(words[2], 1);
        cpu.Write(words[0], 1);
        await cpu.WriteOnce(words[2], 2);
        cpu.Write(words[0], 2);
    }

    private static async Coroutine Window(Cpu cpu, Block words)
    {
        await cpu.WriteOnce(words[0], 1);
        await cpu.WriteOnce(words[0], 0);
    }

    private static async Coroutine SpinUntilOne(Cpu cpu, Block words)
    {
        while (await cpu.ReadOnce(words[0]) != 1)
        {
            await cpu.CondResched();
        }
    }

    private static async Coroutine GiveUpAndSet(Cpu cpu, Block words)
    {
        if (await cpu.ReadOnce(words[1]) == 0)
        {
            await cpu.CondResched();
        }

        await cpu.WriteOnce(words[0], 1);
    }

    private static async Coroutine FailAfterRetry(Cpu cpu, Block words)
    {
        if (await cpu.ReadOnce(words[0]) == 1)
        {
            return;
        }

        await cpu.CondResched();
        if (await cpu.ReadOnce(words[0]) == 1)
        {
            cpu.Fail("NeverAfterRetry", "the word is 1 after a retry");
        }
    }
}
