using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Small programs, each broken and mended.</summary>
internal static class Programs
{
    /// <summary>CPUs that write marked words of their own: nothing but interleavings.</summary>
    public static TestProgram Writers(params int[] writes) => new(machine =>
    {
        Block block = machine.Memory.Allocate("words", writes.Length, BlockKind.Static);
        for (int id = 0; id < writes.Length; id++)
        {
            Word word = block[id];
            int count = writes[id];
            machine.Spawn($"cpu{id}", cpu => Write(cpu, word, count));
        }
    });

    /// <summary>Two CPUs count up, by a read and a write or by an atomic addition. Minimum 1 preemption, between the read and the write.</summary>
    public static TestProgram LostUpdate(bool isMended, int bystanders = 0) => new(machine =>
    {
        Word counter = machine.Memory.Allocate("kvm", "users")[0];
        Word other = machine.Memory.Allocate("other", "word")[0];
        machine.Spawn("vcpu0", cpu => Count(cpu, counter, isMended));
        machine.Spawn("vcpu1", cpu => Count(cpu, counter, isMended));
        for (int i = 0; i < bystanders; i++)
        {
            machine.Spawn($"bystander{i}", cpu => Write(cpu, other, 3));
        }

        machine.AtEnd(() =>
        {
            if (counter.Peek != 2)
            {
                machine.Report(new Violation("NoLostUpdate", $"users is {counter.Peek} after 2 additions", "an update is lost"), null);
            }
        });
    });

    /// <summary>One CPU looks twice at what another clears in between. Minimum 1 preemption, between the two looks. Depth 2.</summary>
    public static TestProgram CheckThenUse(bool isMended, bool hasBystander = false, bool hasExtraStep = false) => new(machine =>
    {
        Block kvm = machine.Memory.Allocate("kvm", "pte", "trace");
        kvm[0].Initialise(7);
        var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
        machine.Spawn("vcpu0", cpu => CheckAndUse(cpu, kvm, isMended ? mmuLock : null, hasExtraStep));
        machine.Spawn("notifier", cpu => Clear(cpu, kvm[0], isMended ? mmuLock : null));
        if (hasBystander)
        {
            machine.Spawn("bystander", cpu => Write(cpu, kvm[1], 3));
        }
    });

    /// <summary>A reader sees two words that are set for a moment, both set. Minimum 2 preemptions. Depth 3.</summary>
    public static TestProgram TwoWindows(bool isMended) => new(machine =>
    {
        Block kvm = machine.Memory.Allocate("kvm", "x", "y");
        var mmuLock = new SpinLock(machine, LockClasses.MmuLock);
        machine.Spawn("vcpu0", cpu => Window(cpu, kvm[0], isMended ? mmuLock : null));
        machine.Spawn("vcpu1", cpu => Window(cpu, kvm[1], isMended ? mmuLock : null));
        machine.Spawn("reader", cpu => Look(cpu, kvm));
    });

    /// <summary>Two mutexes, taken both ways. Minimum 1 preemption.</summary>
    public static TestProgram TwoMutexes(bool isMended, bool looksAtOrder = false) => new(machine =>
    {
        machine.Ignored = looksAtOrder ? [] : [MachineInvariants.LockDiscipline];
        var first = new Mutex(machine, LockClasses.SlotsLock);
        var second = new Mutex(machine, LockClasses.IrqLock);
        machine.Spawn("vcpu0", cpu => TakeBoth(cpu, first, second));
        machine.Spawn("vcpu1", cpu => isMended ? TakeBoth(cpu, first, second) : TakeBoth(cpu, second, first));
    });

    /// <summary>CPUs that take two mutexes, each in the one order or the other.</summary>
    public static TestProgram TakingTwoMutexes(bool[] isBackwards) => new(machine =>
    {
        var first = new Mutex(machine, LockClasses.SlotsLock);
        var second = new Mutex(machine, LockClasses.IrqLock);
        for (int i = 0; i < isBackwards.Length; i++)
        {
            bool backwards = isBackwards[i];
            machine.Spawn($"vcpu{i}", cpu => backwards ? TakeBoth(cpu, second, first) : TakeBoth(cpu, first, second));
        }
    });

    /// <summary>A waiter that looks at the condition, and only then says that it waits. Minimum 1 preemption.</summary>
    public static TestProgram LostWakeup(bool isMended) => new(machine =>
    {
        Block wait = machine.Memory.Allocate("rcuwait", "condition", "woken");
        machine.Spawn("waiter", cpu => isMended ? WaitRight(cpu, wait) : WaitWrong(cpu, wait));
        machine.Spawn("waker", cpu => Wake(cpu, wait));
    });

    /// <summary>CPUs that look at a word and yield until it is set, and a last one that sets it, or nobody that does.</summary>
    public static TestProgram PoliteSpinners(int count, bool hasSetter) => new(machine =>
    {
        Word flag = machine.Memory.Allocate("kvm", "flag")[0];
        for (int i = 0; i < count; i++)
        {
            machine.Spawn($"vcpu{i}", cpu => SpinPolitely(cpu, flag));
        }

        if (hasSetter)
        {
            machine.Spawn("setter", cpu => Write(cpu, flag, 1));
        }
    });

    public static async Coroutine Write(Cpu cpu, Word word, int count)
    {
        for (int i = 1; i <= count; i++)
        {
            await cpu.WriteOnce(word, (ulong)i);
        }
    }

    private static async Coroutine SpinPolitely(Cpu cpu, Word flag)
    {
        while (await cpu.ReadOnce(flag) == 0)
        {
            await cpu.CondResched();
        }
    }

    private static async Coroutine Count(Cpu cpu, Word counter, bool isMended)
    {
        if (isMended)
        {
            await cpu.AddReturn(counter, 1);
            return;
        }

        ulong seen = await cpu.ReadOnce(counter);
        cpu.Log($"users => {seen}");
        await cpu.WriteOnce(counter, seen + 1);
        cpu.Log($"users = {seen + 1}");
    }

    private static async Coroutine CheckAndUse(Cpu cpu, Block kvm, SpinLock? mmuLock, bool hasExtraStep)
    {
        if (hasExtraStep)
        {
            await cpu.WriteOnce(kvm[1], 1);
        }

        if (mmuLock is not null)
        {
            await cpu.Lock(mmuLock);
        }

        if (await cpu.ReadOnce(kvm[0]) != 0)
        {
            if (hasExtraStep)
            {
                await cpu.WriteOnce(kvm[1], 2);
            }

            if (await cpu.ReadOnce(kvm[0]) == 0)
            {
                cpu.Fail("NoUseOfClearedPte", "pte was cleared between check and use", "pte is gone");
            }
        }

        if (mmuLock is not null)
        {
            await cpu.Unlock(mmuLock);
        }
    }

    private static async Coroutine Clear(Cpu cpu, Word pte, SpinLock? mmuLock)
    {
        if (mmuLock is not null)
        {
            await cpu.Lock(mmuLock);
        }

        await cpu.WriteOnce(pte, 0);
        if (mmuLock is not null)
        {
            await cpu.Unlock(mmuLock);
        }
    }

    private static async Coroutine Window(Cpu cpu, Word word, SpinLock? mmuLock)
    {
        if (mmuLock is not null)
        {
            await cpu.Lock(mmuLock);
        }

        await cpu.WriteOnce(word, 1);
        await cpu.WriteOnce(word, 0);
        if (mmuLock is not null)
        {
            await cpu.Unlock(mmuLock);
        }
    }

    private static async Coroutine Look(Cpu cpu, Block kvm)
    {
        if (await cpu.ReadOnce(kvm[0]) == 1 && await cpu.ReadOnce(kvm[1]) == 1 && await cpu.ReadOnce(kvm[0]) == 1)
        {
            cpu.Fail("NotBothWindows", "x and y are set at the same time");
        }
    }

    private static async Coroutine TakeBoth(Cpu cpu, Mutex outer, Mutex inner)
    {
        await cpu.Lock(outer);
        await cpu.Lock(inner);
        await cpu.Unlock(inner);
        await cpu.Unlock(outer);
    }

    private static async Coroutine WaitWrong(Cpu cpu, Block wait)
    {
        if (await cpu.ReadOnce(wait[0]) == 0)
        {
            await cpu.WriteOnce(wait[1], 0);
            await cpu.WaitUntilEqual(wait[1], 1);
        }
    }

    private static async Coroutine WaitRight(Cpu cpu, Block wait)
    {
        await cpu.WriteOnce(wait[1], 0);
        if (await cpu.ReadOnce(wait[0]) == 0)
        {
            await cpu.WaitUntilEqual(wait[1], 1);
        }
    }

    private static async Coroutine Wake(Cpu cpu, Block wait)
    {
        await cpu.WriteOnce(wait[0], 1);
        await cpu.WriteOnce(wait[1], 1);
    }
}
