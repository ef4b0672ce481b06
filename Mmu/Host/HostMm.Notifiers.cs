namespace MmuStress.Mmu;

/// <content>The list of notifiers, and calling all of them.</content>
/// <remarks>
/// Mirrors: mm/mmu_notifier.c (v6.1).
/// Differs: the SRCU section around each call, and the list's being shared memory, only matter to who unregisters while others call; they are
/// left out unless <see cref="HostMmParameters.NotifiersMayUnregister"/> is set, and without it nobody may call meanwhile.
/// </remarks>
public sealed partial class HostMm
{
    private static readonly LockClass NotifierLockClass = new("mmu_notifier_subscriptions->lock", maySleep: false);
    private static readonly LockClass StartMapClass = new("mmu_notifier_invalidate_range_start", maySleep: true);

    // Every list there has been; the one in use is at the index in listInUse. Written under notifierLock.
    private List<IMmuNotifier[]> lists = null!; // null, as the next two, where notifiers cannot unregister
    private Srcu? notifierSrcu;
    private SpinLock? notifierLock;
    private Word listInUse;
    private IMmuNotifier[] notifiers = [];
    private LockMap? startMap; // __mmu_notifier_invalidate_range_start_map; null where nobody asks for it

    // The usual case, for which a loop with a state machine of its own is not worth while.
    private bool HasOneNotifier => notifierSrcu is null && startMap is null && notifiers.Length == 1;

    /// <summary>mmu_notifier_register: has <paramref name="notifier"/> called from now on. Before any CPU runs.</summary>
    public void RegisterNotifier(IMmuNotifier notifier)
    {
        notifiers = [.. notifiers, notifier];
        if (Parameters.NotifiersMayUnregister)
        {
            lists[0] = notifiers;
        }
    }

    /// <summary>mmu_notifier_unregister: calls release unless the address space already has, and returns when no call of it is under way.</summary>
    /// <returns>When <paramref name="notifier"/> can be forgotten.</returns>
    public async Coroutine UnregisterNotifier(Cpu cpu, IMmuNotifier notifier)
    {
        if (notifierSrcu is null)
        {
            if (Array.IndexOf(notifiers, notifier) >= 0)
            {
                await notifier.Release(cpu);
                notifiers = Array.FindAll(notifiers, other => !ReferenceEquals(other, notifier));
            }

            return;
        }

        ulong index = await cpu.SrcuReadLock(notifierSrcu);
        IMmuNotifier[] list = lists[(int)await cpu.LoadAcquire(listInUse)];
        if (Array.IndexOf(list, notifier) >= 0)
        {
            // Before it leaves the list: exit_mmap, which finds an empty list, must not go on before this has returned.
            await notifier.Release(cpu);
            await cpu.SrcuReadUnlock(notifierSrcu, index);
            await cpu.Lock(notifierLock!);
            await PublishList(cpu, Array.FindAll(lists[(int)cpu.Read(listInUse)], other => !ReferenceEquals(other, notifier)));
            await cpu.Unlock(notifierLock!);
        }
        else
        {
            await cpu.SrcuReadUnlock(notifierSrcu, index);
        }

        await cpu.SynchronizeSrcu(notifierSrcu);
    }

    /// <summary>mmu_notifier_invalidate_range_start, and mmu_notifier_invalidate_range_start_nonblock where nobody may sleep.</summary>
    /// <returns>When nobody uses the old mappings.</returns>
    private Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock = true) =>
        HasOneNotifier && mayBlock ? notifiers[0].InvalidateRangeStart(cpu, range, mayBlock) : InvalidateRangeStartOfAll(cpu, range, mayBlock);

    private async Coroutine InvalidateRangeStartOfAll(Cpu cpu, HvaRange range, bool mayBlock)
    {
        ulong index = await EnterNotifiers(cpu);
        IMmuNotifier[] called = await CurrentList(cpu);
        startMap?.Acquire(cpu);
        for (int i = 0; i < called.Length; i++)
        {
            NonBlockStart(cpu, mayBlock);
            await called[i].InvalidateRangeStart(cpu, range, mayBlock);
            NonBlockEnd(cpu, mayBlock);
        }

        startMap?.Release(cpu);
        await LeaveNotifiers(cpu, index);
    }

    /// <summary>mmu_notifier_invalidate_range_end.</summary>
    /// <returns>When everybody knows.</returns>
    private Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range, bool mayBlock = true) =>
        HasOneNotifier && mayBlock ? notifiers[0].InvalidateRangeEnd(cpu, range) : InvalidateRangeEndOfAll(cpu, range, mayBlock);

    private async Coroutine InvalidateRangeEndOfAll(Cpu cpu, HvaRange range, bool mayBlock)
    {
        ulong index = await EnterNotifiers(cpu);
        IMmuNotifier[] called = await CurrentList(cpu);
        startMap?.Acquire(cpu);
        for (int i = 0; i < called.Length; i++)
        {
            NonBlockStart(cpu, mayBlock);
            await called[i].InvalidateRangeEnd(cpu, range, mayBlock);
            NonBlockEnd(cpu, mayBlock);
        }

        startMap?.Release(cpu);
        await LeaveNotifiers(cpu, index);
    }

    // non_block_start() and non_block_end(): sleeping in between is a mistake.
    private static void NonBlockStart(Cpu cpu, bool mayBlock)
    {
        if (!mayBlock)
        {
            cpu.Held.EnterAtomic();
        }
    }

    private static void NonBlockEnd(Cpu cpu, bool mayBlock)
    {
        if (!mayBlock)
        {
            cpu.Held.LeaveAtomic();
        }
    }

    /// <summary>set_pte_at_notify: tells of the new entry, then writes it.</summary>
    /// <remarks>Locking: the page_table_lock.</remarks>
    /// <returns>When it is written.</returns>
    private async Coroutine SetPteAtNotify(Cpu cpu, ulong page, HostPte pte)
    {
        ulong index = await EnterNotifiers(cpu);
        IMmuNotifier[] called = await CurrentList(cpu);
        for (int i = 0; i < called.Length; i++)
        {
            await called[i].ChangePte(cpu, Hva.OfPage(page), pte);
        }

        await LeaveNotifiers(cpu, index);
        WritePte(cpu, page, pte);
    }

    /// <summary>mmu_notifier_release: tells that the address space goes away, and empties the list.</summary>
    /// <returns>When every release has returned, whoever called it.</returns>
    private async Coroutine ReleaseNotifiers(Cpu cpu)
    {
        ulong index = await EnterNotifiers(cpu);
        IMmuNotifier[] called = await CurrentList(cpu);
        for (int i = 0; i < called.Length; i++)
        {
            await called[i].Release(cpu);
        }

        if (notifierSrcu is null)
        {
            notifiers = [];
            return;
        }

        await cpu.Lock(notifierLock!);
        await PublishList(cpu, []);
        await cpu.Unlock(notifierLock!);
        await cpu.SrcuReadUnlock(notifierSrcu, index);
        await cpu.SynchronizeSrcu(notifierSrcu);
    }

    private void InitialiseNotifiers()
    {
        startMap = Parameters.AnnotatesNotifiers ? new LockMap(machine, StartMapClass) : null;
        if (Parameters.NotifiersMayUnregister)
        {
            notifierSrcu = new Srcu(machine);
            notifierLock = new SpinLock(machine, NotifierLockClass);
            listInUse = machine.Memory.Allocate("mmu_notifier_list", 1, BlockKind.Static)[0];
            lists = [notifiers];
        }
    }

    private Coroutine<ulong> EnterNotifiers(Cpu cpu) => notifierSrcu is null ? default : EnterSrcu(cpu, notifierSrcu);

    private Coroutine LeaveNotifiers(Cpu cpu, ulong index) => notifierSrcu is null ? default : LeaveSrcu(cpu, notifierSrcu, index);

    private Coroutine<IMmuNotifier[]> CurrentList(Cpu cpu) => notifierSrcu is null ? new(notifiers) : LoadList(cpu);

    private static async Coroutine<ulong> EnterSrcu(Cpu cpu, Srcu srcu) => await cpu.SrcuReadLock(srcu);

    private static async Coroutine LeaveSrcu(Cpu cpu, Srcu srcu, ulong index) => await cpu.SrcuReadUnlock(srcu, index);

    private async Coroutine<IMmuNotifier[]> LoadList(Cpu cpu) => lists[(int)await cpu.LoadAcquire(listInUse)];

    private async Coroutine PublishList(Cpu cpu, IMmuNotifier[] list)
    {
        lists.Add(list);
        await cpu.StoreRelease(listInUse, (ulong)lists.Count - 1);
    }
}
