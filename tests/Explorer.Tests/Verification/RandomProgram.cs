using System.Globalization;
using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>A small program, CPU by CPU.</summary>
internal sealed class RandomProgram(IReadOnlyList<IReadOnlyList<RandomOp>> cpus) : IProgram
{
    private const int Retries = 2;

    private static readonly BlockKind ObjectKind = new("object", "NoUseAfterFree");
    private static readonly string[] WordNames = ["w0", "w1", "w2"];
    private static readonly string[] PlainNames = ["p0", "p1"];

    private readonly List<List<ulong>> results = [.. cpus.Select(_ => new List<ulong>())];
    private Block words = null!;
    private Block plain = null!;
    private Block freed = null!;
    private SpinLock[] locks = [];
    private RwLock rwLock = null!;
    private RwSemaphore semaphore = null!;
    private Srcu srcu = null!;
    private Completion completion = null!;
    private Mailbox<ulong> mailbox = null!;
    private Block count = null!;

    public IReadOnlyList<IReadOnlyList<RandomOp>> Cpus => cpus;

    /// <summary>Whether nobody does anything before its first operation.</summary>
    public bool StartsWithSteps => cpus.All(ops => ops.Count == 0 || ops[0].IsStep);

    public void Start(ExploredMachine machine)
    {
        machine.Ignored = [MachineInvariants.LockDiscipline]; // deadlocks are to happen
        words = machine.Memory.Allocate("words", WordNames);
        plain = machine.Memory.Allocate("plain", PlainNames);
        freed = machine.Memory.Allocate("object", 1, ObjectKind);
        freed[0].Initialise(3);
        for (int i = 0; i < WordNames.Length; i++)
        {
            words[i].Initialise(0);
        }

        plain[0].Initialise(0);
        plain[1].Initialise(0);
        count = machine.Memory.Allocate("count", "count");
        count[0].Initialise(0);
        locks = [new SpinLock(machine, LockClasses.MmuLock), new SpinLock(machine, LockClasses.MmuLock)];
        rwLock = new RwLock(machine, LockClasses.MmuLock);
        semaphore = new RwSemaphore(machine, LockClasses.MmapLock);
        srcu = new Srcu(machine);
        completion = new Completion(machine, "done");
        mailbox = new Mailbox<ulong>(machine, "receiver");
        for (int id = 0; id < cpus.Count; id++)
        {
            List<ulong> mine = results[id];
            mine.Clear();
            IReadOnlyList<RandomOp> ops = cpus[id];
            machine.Spawn(string.Create(CultureInfo.InvariantCulture, $"cpu{id}"), cpu => Run(cpu, ops, mine));
        }
    }

    /// <summary>What the last run returned, by CPU, and what it left in memory.</summary>
    public string Outcome() =>
        string.Join(" | ", results.Select(r => string.Join(",", r))) + " || " + string.Join(",", words.Words.Concat(plain.Words).Concat(count.Words));

    public override string ToString() => string.Join("\n", cpus.Select((ops, id) => $"  cpu{id}: {string.Join("; ", ops)}"));

    private async Coroutine Run(Cpu cpu, IReadOnlyList<RandomOp> ops, List<ulong> values)
    {
        foreach (RandomOp op in ops)
        {
            switch (op.Kind)
            {
                case RandomOpKind.Locked:
                    await cpu.Lock(locks[op.Target]);
                    await Run(cpu, op.Body, values);
                    await cpu.Unlock(locks[op.Target]);
                    break;
                case RandomOpKind.LockedShared:
                    SharedLock shared = op.Target == 0 ? rwLock : semaphore;
                    await cpu.ReadLock(shared);
                    await Run(cpu, op.Body, values);
                    await cpu.ReadUnlock(shared);
                    break;
                case RandomOpKind.LockedWrite:
                    if (op.Target == 0)
                    {
                        await cpu.Lock(rwLock);
                    }
                    else
                    {
                        await semaphore.DownWrite(cpu);
                    }

                    await Run(cpu, op.Body, values);
                    await cpu.Unlock(op.Target == 0 ? rwLock : semaphore);
                    break;
                case RandomOpKind.SrcuSection:
                    ulong index = await cpu.SrcuReadLock(srcu);
                    await Run(cpu, op.Body, values);
                    await cpu.SrcuReadUnlock(srcu, index);
                    break;
                case RandomOpKind.IfEqual:
                    if (values.Count > 0 && values[^1] == op.A)
                    {
                        await Run(cpu, op.Body, values);
                    }

                    break;
                case RandomOpKind.Retry:
                    await Retry(cpu, op, values);
                    break;
                case RandomOpKind.Receive:
                    values.Add(await mailbox.Receive(cpu));
                    break;
                case RandomOpKind.Send:
                    await mailbox.Send(cpu, op.A);
                    break;
                case RandomOpKind.Synchronize:
                    await cpu.SynchronizeSrcu(srcu);
                    break;
                default:
                    await Simple(cpu, op, values);
                    break;
            }
        }
    }

    private async Coroutine Retry(Cpu cpu, RandomOp op, List<ulong> values)
    {
        for (int i = 0; i <= Retries; i++)
        {
            ulong seen = await cpu.ReadOnce(words[op.Target]);
            if (op.B != 0)
            {
                values.Add(await cpu.ReadOnce(words[(op.Target + 1) % WordNames.Length]));
            }

            values.Add(seen);
            if (seen == op.A || i == Retries)
            {
                return;
            }

            await cpu.CondResched();
        }
    }

    private async Coroutine Simple(Cpu cpu, RandomOp op, List<ulong> values)
    {
        Word word = words[op.Target % WordNames.Length];
        switch (op.Kind)
        {
            case RandomOpKind.Read:
                values.Add(await cpu.ReadOnce(word));
                break;
            case RandomOpKind.LoadAcquire:
                values.Add(await cpu.LoadAcquire(word));
                break;
            case RandomOpKind.HardwareRead:
                values.Add(await cpu.HardwareRead(plain[op.Target % PlainNames.Length]));
                break;
            case RandomOpKind.Write:
                await cpu.WriteOnce(word, op.A);
                break;
            case RandomOpKind.StoreRelease:
                await cpu.StoreRelease(word, op.A);
                break;
            case RandomOpKind.Xchg:
                values.Add(await cpu.Xchg(word, op.A));
                break;
            case RandomOpKind.CmpXchg:
                values.Add(await cpu.CmpXchg(word, op.A, op.B));
                break;
            case RandomOpKind.AddReturn:
                values.Add(await cpu.AddReturn(word, (long)op.A));
                break;
            case RandomOpKind.AtomicAdd:
                await cpu.AtomicAdd(word, (long)op.A);
                break;
            case RandomOpKind.AtomicOr:
                await cpu.AtomicOr(word, op.A);
                break;
            case RandomOpKind.FetchOr:
                values.Add(await cpu.FetchOr(word, op.A));
                break;
            case RandomOpKind.FetchAndNot:
                values.Add(await cpu.FetchAndNot(word, op.A));
                break;
            case RandomOpKind.PlainRead:
                values.Add(cpu.Read(plain[op.Target % PlainNames.Length]));
                break;
            case RandomOpKind.PlainWrite:
                cpu.Write(plain[op.Target % PlainNames.Length], op.A);
                break;
            case RandomOpKind.Peek:
                values.Add(plain[op.Target % PlainNames.Length].Peek);
                break;
            case RandomOpKind.WaitEqual:
                values.Add(await cpu.WaitUntilEqual(word, op.A));
                break;
            case RandomOpKind.WaitNotEqual:
                values.Add(await cpu.WaitUntilNotEqual(word, op.A));
                break;
            case RandomOpKind.Down:
                values.Add(await cpu.Down(count[0]));
                break;
            case RandomOpKind.Up:
                await cpu.AtomicAdd(count[0], 1);
                break;
            case RandomOpKind.CompleteAll:
                await completion.CompleteAll(cpu);
                break;
            case RandomOpKind.WaitForCompletion:
                await completion.Wait(cpu);
                break;
            case RandomOpKind.Choose:
                values.Add(await cpu.Choose(2));
                break;
            case RandomOpKind.Use:
                values.Add(freed[0].Peek);
                cpu.Read(freed[0]);
                break;
            case RandomOpKind.Free:
                cpu.Machine.Memory.Free(cpu, freed);
                break;
            case RandomOpKind.Lock:
                await cpu.Lock(locks[op.Target]);
                break;
            case RandomOpKind.Crossed:
                await cpu.Lock(locks[op.Target]);
                await cpu.Lock(locks[1 - op.Target]);
                await cpu.Unlock(locks[op.Target]);
                await cpu.Unlock(locks[1 - op.Target]);
                break;
            default:
                throw new InvalidOperationException($"{op.Kind} is no simple operation");
        }
    }
}
