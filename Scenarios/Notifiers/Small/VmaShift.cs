using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Z10: a fault looks up how large the VMA's pages are, and user space maps smaller ones in its place before the page is looked up.</summary>
/// <remarks>
/// I1: no block is mapped over memory that the host has in small pages. 13ec9308a857 takes the snapshot of mmu_invalidate_seq before mmap_lock is given
/// back, so that the retry check covers what was found under it.
/// Mirrors: user_mem_abort(), arch/arm64/kvm/mmu.c (v6.2 and v6.3).
/// Differs: one page; a VMA is the order of its pages.
/// </remarks>
internal sealed class VmaShift
{
    private const string NoStaleMapping = nameof(NoStaleMapping);
    private const ulong PmdShift = 21;
    private const ulong PageShift = 12;
    private static readonly string[] Fields = ["mmu_invalidate_seq", "mmu_invalidate_in_progress", "stage-2 pte", "vma"];

    private readonly Multiprocessor machine;
    private readonly bool snapsUnderMmapLock;
    private readonly SpinLock mmuLock;
    private readonly RwSemaphore mmapLock;
    private readonly Block block;

    private VmaShift(Stage stage, bool snapsUnderMmapLock)
    {
        this.snapsUnderMmapLock = snapsUnderMmapLock;
        machine = stage.Machine;
        mmuLock = new SpinLock(machine, SmallLocks.MmuLock);
        mmapLock = new RwSemaphore(machine, SmallLocks.MmapLock);
        block = machine.Memory.Allocate("kvm", Fields);
        Vma.Initialise(PmdShift);
        stage.Add(new Doer(Names.Vcpu(0), UserMemAbort), Does.Once);
        stage.Add(new Doer("mmap", Remap), Does.Once);
        stage.CheckAtEnd(Check);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "vma-shift-before", "a fault takes the snapshot after mmap_lock is given back", Expectation.Violated("", "13ec9308a857", NoStaleMapping),
        static stage => _ = new VmaShift(stage, snapsUnderMmapLock: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "vma-shift", "a fault takes the snapshot under mmap_lock", Expectation.Held(""), static stage => _ = new VmaShift(stage, snapsUnderMmapLock: true));

    private Word Seq => block[0];

    private Word InProgress => block[1];

    private Word Pte => block[2];

    private Word Vma => block[3];

    private async Coroutine UserMemAbort(Cpu cpu)
    {
        ulong mmuSeq = 0;
        await cpu.ReadLock(mmapLock);
        ulong vmaShift = cpu.Read(Vma);
        cpu.Log($"vma_shift = get_vma_page_shift() => {vmaShift}");
        if (snapsUnderMmapLock)
        {
            mmuSeq = await cpu.ReadOnce(Seq);
        }

        await cpu.ReadUnlock(mmapLock);
        if (!snapsUnderMmapLock)
        {
            mmuSeq = await cpu.ReadOnce(Seq);
            await cpu.Rmb();
        }

        cpu.Log($"mmu_seq = mmu_invalidate_seq => {mmuSeq}");
        await cpu.Lock(mmuLock); // the page itself is the same before and after
        if (await cpu.ReadOnce(InProgress) == 0 && await cpu.ReadOnce(Seq) == mmuSeq)
        {
            await cpu.WriteOnce(Pte, vmaShift);
            cpu.Log($"kvm_pgtable_stage2_map(1 << {vmaShift})");
        }

        await cpu.Unlock(mmuLock);
    }

    // munmap() and mmap() of small pages in its place.
    private async Coroutine Remap(Cpu cpu)
    {
        await mmapLock.DownWrite(cpu);
        cpu.Log($"invalidate_range_start()");
        await cpu.Lock(mmuLock);
        await cpu.WriteOnce(InProgress, 1);
        await cpu.WriteOnce(Pte, 0);
        await cpu.Unlock(mmuLock);
        cpu.Write(Vma, PageShift);
        cpu.Log($"host maps small pages");
        await cpu.Lock(mmuLock);
        await cpu.WriteOnce(Seq, 1);
        await cpu.WriteOnce(InProgress, 0);
        await cpu.Unlock(mmuLock);
        cpu.Log($"invalidate_range_end()");
        await cpu.Unlock(mmapLock);
    }

    private void Check()
    {
        if (Pte.Peek > Vma.Peek)
        {
            machine.Report(new Violation(NoStaleMapping, "a block is mapped, and the host has small pages there", "stale: the VMA has small pages"), null);
        }
    }
}
