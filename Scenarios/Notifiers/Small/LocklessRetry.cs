using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Z25: a hypercall enters a page under a lock of that page's own, and asks mmu_notifier_retry() without mmu_lock.</summary>
/// <remarks>
/// I1: no entry is left for a page that the host has freed. a355aa54f1d2 puts smp_wmb() between the sequence and the count where they are written, and
/// smp_rmb() between the count and the sequence where they are read: who sees the count gone down sees the sequence gone up.
/// Mirrors: kvmppc_h_enter(), arch/powerpc/kvm/book3s_hv_rm_mmu.c; mmu_notifier_retry(), include/linux/kvm_host.h; kvm_mmu_notifier_invalidate_range_start()
/// and _end(), virt/kvm/kvm_main.c (v3.2 and v3.3).
/// Differs: one page. The host's entry is looked up under its lock.
/// </remarks>
internal sealed class LocklessRetry
{
    private const string NoStaleMapping = nameof(NoStaleMapping);
    private static readonly string[] Fields = ["mmu_notifier_seq", "mmu_notifier_count", "hpte", "host_pte", "freed"];

    private readonly Multiprocessor machine;
    private readonly bool isOrdered;
    private readonly SpinLock mmuLock;
    private readonly SpinLock rmap;
    private readonly SpinLock pageTableLock;
    private readonly Block block;

    private LocklessRetry(Stage stage, bool isOrdered)
    {
        this.isOrdered = isOrdered;
        machine = stage.Machine;
        mmuLock = new SpinLock(machine, SmallLocks.MmuLock);
        rmap = new SpinLock(machine, SmallLocks.Rmap);
        pageTableLock = new SpinLock(machine, SmallLocks.PageTableLock);
        block = machine.Memory.Allocate("kvm", Fields);
        HostPte.Initialise(1);
        stage.Add(new Doer(Names.Vcpu(0), Enter), Does.Once);
        stage.Add(new Doer(Names.Notifier(0), Invalidate), Does.Once);
        stage.CheckAtEnd(Check);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "lockless-retry-before", "mmu_notifier_retry() without mmu_lock and without barriers", Expectation.Violated("", "a355aa54f1d2", NoStaleMapping).OnlyUnder("lkmm"),
        static stage => _ = new LocklessRetry(stage, isOrdered: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "lockless-retry", "mmu_notifier_retry() without mmu_lock, with barriers", Expectation.Held(""), static stage => _ = new LocklessRetry(stage, isOrdered: true));

    private Word Seq => block[0];

    private Word Count => block[1];

    private Word Hpte => block[2];

    private Word HostPte => block[3];

    private Word Freed => block[4];

    // kvmppc_h_enter()
    private async Coroutine Enter(Cpu cpu)
    {
        ulong mmuSeq = await cpu.ReadOnce(Seq);
        cpu.Log($"mmu_seq = mmu_notifier_seq => {mmuSeq}");
        await cpu.Rmb();
        await cpu.Lock(pageTableLock);
        ulong pte = cpu.Read(HostPte);
        await cpu.Unlock(pageTableLock);
        if (pte == 0)
        {
            return;
        }

        // Check for pending invalidations under the rmap chain lock.
        await cpu.Lock(rmap);
        if (!await MmuNotifierRetry(cpu, mmuSeq))
        {
            await cpu.WriteOnce(Hpte, pte);
            cpu.Log($"hpte = pfn {pte}");
        }

        await cpu.Unlock(rmap);
    }

    private async Coroutine<bool> MmuNotifierRetry(Cpu cpu, ulong mmuSeq)
    {
        ulong count = await cpu.ReadOnce(Count);
        if (count != 0)
        {
            return true;
        }

        if (isOrdered)
        {
            await cpu.Rmb();
        }

        ulong seq = await cpu.ReadOnce(Seq);
        cpu.Log($"mmu_notifier_retry(): count {count}, seq {seq}");
        return seq != mmuSeq;
    }

    private async Coroutine Invalidate(Cpu cpu)
    {
        cpu.Log($"invalidate_range_start()");
        await cpu.Lock(mmuLock);
        await cpu.WriteOnce(Count, 1);
        await cpu.Lock(rmap);
        await cpu.WriteOnce(Hpte, 0);
        await cpu.Unlock(rmap);
        await cpu.Unlock(mmuLock);

        await cpu.Lock(pageTableLock);
        cpu.Write(HostPte, 0);
        await cpu.Unlock(pageTableLock);
        cpu.Log($"host unmaps and frees pfn 1");
        await cpu.WriteOnce(Freed, 1);

        cpu.Log($"invalidate_range_end()");
        await cpu.Lock(mmuLock);
        await cpu.WriteOnce(Seq, 1);
        if (isOrdered)
        {
            await cpu.Wmb();
        }

        await cpu.WriteOnce(Count, 0);
        await cpu.Unlock(mmuLock);
    }

    private void Check()
    {
        if (Hpte.Peek != 0 && Freed.Peek != 0)
        {
            machine.Report(new Violation(NoStaleMapping, "the guest is left with pfn 1, which the host has freed", "stale: pfn 1 is freed"), null);
        }
    }
}
