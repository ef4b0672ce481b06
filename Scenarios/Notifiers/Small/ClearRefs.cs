using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Z41: writing to /proc/PID/clear_refs notifies outside of mmap_lock, so that a VM can be created between its start and its end.</summary>
/// <remarks>
/// I7: mn_active_invalidate_count is what it says. The end then counts down what no start counted up, in the middle of another notification, whose change_pte
/// warns. 4cccb6221cae has start and end inside mmap_lock, which registering a notifier takes for write.
/// Mirrors: clear_refs_write(), fs/proc/task_mmu.c (v5.14 and v5.15); wp_page_copy(); mmu_notifier_register(); kvm_mmu_notifier_change_pte().
/// Differs: a notifier is registered or not, and counts under no lock but atomically.
/// </remarks>
internal sealed class ClearRefs
{
    private static readonly string[] Fields = ["notifier is registered", "mn_active_invalidate_count"];

    private readonly bool isInsideMmapLock;
    private readonly RwSemaphore mmapLock;
    private readonly Block block;

    private ClearRefs(Stage stage, bool isInsideMmapLock)
    {
        this.isInsideMmapLock = isInsideMmapLock;
        mmapLock = new RwSemaphore(stage.Machine, SmallLocks.MmapLock);
        block = stage.Machine.Memory.Allocate("mm", Fields);
        stage.Add(new Doer("clear_refs", Write), Does.Once);
        stage.Add(new Doer("KVM_CREATE_VM", Register), Does.Once);
        stage.Add(new Doer("page fault", CopyOnWrite), Does.Once);
    }

    /// <summary>The code before the fix.</summary>
    public static SmallScenario Before { get; } = new(
        "clear-refs-before", "clear_refs notifies outside of mmap_lock", Expectation.Violated("", "4cccb6221cae", MmuInvariants.NoKernelWarning),
        static stage => _ = new ClearRefs(stage, isInsideMmapLock: false));

    /// <summary>The code after it.</summary>
    public static SmallScenario After { get; } = new(
        "clear-refs", "clear_refs notifies inside mmap_lock", Expectation.Held(""), static stage => _ = new ClearRefs(stage, isInsideMmapLock: true));

    private Word IsRegistered => block[0];

    private Word ActiveCount => block[1];

    private async Coroutine Write(Cpu cpu)
    {
        cpu.Log($"clear_refs_write()");
        if (isInsideMmapLock)
        {
            await cpu.ReadLock(mmapLock);
        }

        await Notify(cpu, +1);
        if (!isInsideMmapLock)
        {
            await cpu.ReadLock(mmapLock);
            await cpu.ReadUnlock(mmapLock);
        }

        await Notify(cpu, -1);
        if (isInsideMmapLock)
        {
            await cpu.ReadUnlock(mmapLock);
        }
    }

    private async Coroutine Register(Cpu cpu)
    {
        await mmapLock.DownWrite(cpu);
        cpu.Log($"mmu_notifier_register()");
        await cpu.WriteOnce(IsRegistered, 1);
        await cpu.Unlock(mmapLock);
    }

    private async Coroutine CopyOnWrite(Cpu cpu)
    {
        await cpu.ReadLock(mmapLock);
        await Notify(cpu, +1);
        if (await cpu.ReadOnce(IsRegistered) != 0)
        {
            ulong count = await cpu.ReadOnce(ActiveCount);
            cpu.Log($"change_pte()  mn_active_invalidate_count => {(long)count}");
            if (count == 0)
            {
                cpu.Fail(MmuInvariants.NoKernelWarning, "change_pte outside invalidate_range_start and invalidate_range_end");
            }
        }

        await Notify(cpu, -1);
        await cpu.ReadUnlock(mmapLock);
    }

    // mmu_notifier_invalidate_range_start() and _end()
    private async Coroutine Notify(Cpu cpu, long delta)
    {
        if (await cpu.ReadOnce(IsRegistered) != 0)
        {
            ulong count = await cpu.AddReturn(ActiveCount, delta);
            cpu.Log($"invalidate_range_{(delta > 0 ? "start" : "end")}()  mn_active_invalidate_count => {(long)count}");
        }
    }
}
