using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>A notifier is unregistered while its process exits: the pages are freed when ->release has run, whoever runs it (Z38).</summary>
/// <remarks>
/// Mirrors: mmu_notifier_unregister(), __mmu_notifier_release(), mm/mmu_notifier.c, before and after "mm: mmu_notifier: re-fix freed page still mapped in
/// secondary MMU" (v3.10). Before it who unregisters unlinks the notifier first and then calls ->release; exit finds an empty list, and frees the pages
/// meanwhile. After it ->release is called before unlinking, in an SRCU section, and exit calls it, too, and waits for those sections.
/// Differs: one notifier, one page; ->release clears a word, the secondary mapping, which the guest uses in between.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class UnregisterVsExit(bool isBefore) : LifetimeRace(
    "unregister-vs-exit", "a notifier is unregistered while its process exits", "d34883d4e35c", NoPageUseAfterFree, isBefore)
{
    private const string NoPageUseAfterFree = nameof(NoPageUseAfterFree);

    private static readonly BlockKind HostPage = new("host page", NoPageUseAfterFree);
    private static readonly string[] Fields = ["mn->hlist", "secondary pte"];

    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        var mm = new Mm(stage.Machine);
        AddThread(stage, "last close", IsBefore ? mm.UnregisterBefore : mm.Unregister);
        AddThread(stage, "exit_mm", IsBefore ? mm.ExitBefore : mm.Exit);
        AddThread(stage, "vcpu0", mm.Access);
    }

    private sealed class Mm
    {
        private readonly Multiprocessor machine;
        private readonly SpinLock listLock;
        private readonly Srcu srcu;
        private readonly Srcu guest; // stands for what keeps a vCPU from being between reading the mapping and using it
        private readonly Block block;
        private readonly Block page;

        public Mm(Multiprocessor machine)
        {
            this.machine = machine;
            listLock = new SpinLock(machine, LifetimeLocks.SpinLock);
            srcu = new Srcu(machine);
            guest = new Srcu(machine);
            block = machine.Memory.Allocate("mm", Fields);
            page = machine.Memory.Allocate("page", 1, HostPage, ["page.content"]);
            Linked.Initialise(1);
            Mapping.Initialise(1);
        }

        private Word Linked => block[0];

        private Word Mapping => block[1];

        // mmu_notifier_unregister() before the fix.
        public async Coroutine UnregisterBefore(Cpu cpu)
        {
            cpu.Log($"mmu_notifier_unregister()");
            await cpu.Lock(listLock);
            if (await cpu.ReadOnce(Linked) != 0)
            {
                ulong index = await cpu.SrcuReadLock(srcu);
                await cpu.WriteOnce(Linked, 0); // hlist_del_rcu()
                await cpu.Unlock(listLock);
                await Release(cpu);
                await cpu.SrcuReadUnlock(srcu, index);
            }
            else
            {
                await cpu.Unlock(listLock);
            }

            await cpu.SynchronizeSrcu(srcu);
        }

        // exit_mmap() with __mmu_notifier_release() before the fix.
        public async Coroutine ExitBefore(Cpu cpu)
        {
            cpu.Log($"exit_mmap()");
            await cpu.Lock(listLock);
            bool isLinked = await cpu.ReadOnce(Linked) != 0;
            await cpu.WriteOnce(Linked, 0); // hlist_del_init_rcu()
            await cpu.Unlock(listLock);
            if (isLinked)
            {
                await Release(cpu);
                await cpu.SynchronizeSrcu(srcu);
            }

            FreePages(cpu);
        }

        // mmu_notifier_unregister().
        public async Coroutine Unregister(Cpu cpu)
        {
            cpu.Log($"mmu_notifier_unregister()");
            ulong index = await cpu.SrcuReadLock(srcu);
            if (await cpu.ReadOnce(Linked) != 0)
            {
                await Release(cpu);
            }

            await cpu.SrcuReadUnlock(srcu, index);
            await Unlink(cpu);
            await cpu.SynchronizeSrcu(srcu);
        }

        // exit_mmap() with __mmu_notifier_release().
        public async Coroutine Exit(Cpu cpu)
        {
            cpu.Log($"exit_mmap()");
            ulong index = await cpu.SrcuReadLock(srcu);
            if (await cpu.ReadOnce(Linked) != 0)
            {
                await Release(cpu);
            }

            await cpu.SrcuReadUnlock(srcu, index);
            await Unlink(cpu);
            await cpu.SynchronizeSrcu(srcu); // for ->release of mmu_notifier_unregister()
            FreePages(cpu);
        }

        public async Coroutine Access(Cpu cpu)
        {
            ulong index = await cpu.SrcuReadLock(guest);
            if (await cpu.ReadOnce(Mapping) != 0)
            {
                await cpu.ReadOnce(page[0]);
                cpu.Log($"guest reads the page");
            }

            await cpu.SrcuReadUnlock(guest, index);
        }

        private async Coroutine Release(Cpu cpu)
        {
            cpu.Log($"  ->release()");
            await cpu.WriteOnce(Mapping, 0);
            await cpu.SynchronizeSrcu(guest); // the flush
        }

        private async Coroutine Unlink(Cpu cpu)
        {
            await cpu.Lock(listLock);
            await cpu.WriteOnce(Linked, 0);
            await cpu.Unlock(listLock);
        }

        private void FreePages(Cpu cpu)
        {
            cpu.Log($"  frees the page");
            machine.Memory.Free(cpu, page);
        }
    }
}
