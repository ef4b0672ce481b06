using System.Runtime.CompilerServices;

namespace MmuStress.Machine;

/// <summary>A physical CPU as an interrupt target: interrupts off or on, and inter-processor interrupts that are acknowledged.</summary>
/// <remarks>
/// <b>Guarantee.</b> <see cref="Interrupt"/> returns when the target has taken the interrupt: at once where its interrupts are on, else when it
/// turns them on. Running a guest is running with interrupts off and looking at <see cref="IsInterruptPending"/> at each instruction.
/// One word holds everything: bit 0 off, bit 1 pending, a byte that says what about, an epoch above, so that no acknowledgement is lost between a
/// look and a wait.
/// Mirrors: smp_call_function_single(..., wait), local_irq_disable(), local_irq_enable().
/// </remarks>
public sealed class PhysicalCpu
{
    private const ulong Off = 1;
    private const ulong Pending = 2;
    private const int MessageShift = 2;
    private const int EpochShift = 10;

    private static readonly string[] SmallNames = [.. Enumerable.Range(0, 64).Select(NameOf)];

    private readonly Word state;
    private ulong epoch; // only the CPU's own thread counts it

    /// <summary>A CPU with interrupts on.</summary>
    /// <param name="machine">The machine it is on.</param>
    /// <param name="id">Its number, from 0.</param>
    public PhysicalCpu(Multiprocessor machine, int id)
    {
        Id = id;
        state = machine.Memory.Allocate(id < SmallNames.Length ? SmallNames[id] : NameOf(id), 1, BlockKind.Static)[0];
    }

    /// <summary>Its number, from 0.</summary>
    public int Id { get; }

    /// <summary>What the interrupts were about that waited before interrupts were turned off or on.</summary>
    /// <param name="state">What turning them off or on returned.</param>
    /// <returns>The bits that <see cref="Interrupt"/> was called with.</returns>
    public static byte MessagesIn(ulong state) => (byte)(state >> MessageShift);

    /// <summary>local_irq_disable, on this CPU by the thread that runs on it. Atomic context begins.</summary>
    /// <param name="cpu">The thread that runs on it.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>When interrupts are off; for <see cref="MessagesIn"/>.</returns>
    public Step DisableInterrupts(Cpu cpu, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        cpu.Held.EnterAtomic();
        epoch++;
        return cpu.Xchg(state, (epoch << EpochShift) | Off, file, line);
    }

    /// <summary>local_irq_enable: takes a pending interrupt and acknowledges it. Atomic context ends.</summary>
    /// <param name="cpu">The thread that runs on it.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>When interrupts are on; for <see cref="MessagesIn"/>.</returns>
    public Step EnableInterrupts(Cpu cpu, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        cpu.Held.LeaveAtomic();
        epoch++;
        return cpu.Xchg(state, epoch << EpochShift, file, line);
    }

    /// <summary>Whether an interrupt waits to be taken; what hardware looks at between two guest instructions.</summary>
    /// <param name="cpu">The thread that runs on it.</param>
    /// <returns>True when one is pending.</returns>
    public async Coroutine<bool> IsInterruptPending(Cpu cpu) => (await cpu.ReadOnce(state) & Pending) != 0;

    /// <summary>Sends an interrupt; with <paramref name="wait"/> returns when it has been taken.</summary>
    /// <param name="cpu">The sender, on another CPU, with interrupts on.</param>
    /// <param name="wait">Whether to wait for the acknowledgement.</param>
    /// <param name="message">What it is about, a bit for each of eight things.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>When it is sent, or taken.</returns>
    public async Coroutine Interrupt(Cpu cpu, bool wait, byte message = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ulong sent = Pending | ((ulong)message << MessageShift);
        ulong now = await cpu.FetchOr(state, sent, file, line) | sent;
        ulong epoch = now >> EpochShift;
        while (wait && (now & Off) != 0 && now >> EpochShift == epoch)
        {
            now = await cpu.WaitUntilNotEqual(state, now, file, line); // others may only have added what theirs is about
        }
    }

    private static string NameOf(int id) => $"irq state of cpu{id}";
}
