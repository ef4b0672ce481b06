using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A guest_memfd is closed for the last time while the memslot that is bound to it is deleted (Z55).</summary>
/// <remarks>
/// Mirrors: kvm_gmem_unbind(), kvm_gmem_release(), virt/kvm/guest_memfd.c, before and after "KVM: guest_memfd: Remove bindings on memslot deletion when
/// gmem is dying" (v6.18). Between the last fput() and ->release nobody can get a reference on the file any more. Before the fix deleting then leaves the
/// binding alone, and ->release writes to the memslot through it.
/// Differs: one binding, which is a word that is 1 while it stands for the memslot.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class GmemDyingVsSlotDelete(bool isBefore) : LifetimeRace(
    "gmem-dying-vs-slot-delete", "a guest_memfd is closed for the last time while its memslot is deleted", "ae431059e75d", MmuInvariants.SlotLifetime, isBefore)
{
    private static readonly BlockKind Slot = new("memslot", MmuInvariants.SlotLifetime);
    private static readonly string[] Fields = ["file->f_count", "gmem->bindings"];

    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        var gmem = new Gmem(stage.Machine);
        AddThread(stage, "closer", gmem.Fput);
        AddThread(stage, "memslots", IsBefore ? cpu => gmem.Delete(cpu, gmem.UnbindBefore) : cpu => gmem.Delete(cpu, gmem.Unbind));
    }

    private sealed class Gmem
    {
        private readonly Multiprocessor machine;
        private readonly Mutex slotsLock;
        private readonly Mutex invalidateLock;
        private readonly Block file;
        private readonly Block slot;

        public Gmem(Multiprocessor machine)
        {
            this.machine = machine;
            slotsLock = new Mutex(machine, LifetimeLocks.SlotsLock);
            invalidateLock = new Mutex(machine, LifetimeLocks.FilemapInvalidateLock);
            file = machine.Memory.Allocate("gmem file", Fields);
            slot = machine.Memory.Allocate("memslot", 1, Slot, ["slot->gmem.file"]);
            Count.Initialise(1);
            Bindings.Initialise(1);
            slot[0].Initialise(1);
        }

        private Word Count => file[0];

        private Word Bindings => file[1];

        public async Coroutine Fput(Cpu cpu)
        {
            if (await PutFile(cpu))
            {
                await Release(cpu); // by way of task_work: any time later
            }
        }

        public async Coroutine Delete(Cpu cpu, Func<Cpu, Coroutine<bool>> unbind)
        {
            cpu.Log($"kvm_set_memslot(Delete)");
            await cpu.Lock(slotsLock);
            bool isLast = await unbind(cpu);
            machine.Memory.Free(cpu, slot);
            cpu.Log($"  kvm_free_memslot()");
            await cpu.Unlock(slotsLock);
            if (isLast)
            {
                await Release(cpu); // by way of task_work, too, so without slots_lock
            }
        }

        // kvm_gmem_unbind() before the fix: slots_lock held. Says whether its fput() was the last.
        public async Coroutine<bool> UnbindBefore(Cpu cpu)
        {
            cpu.Log($"  kvm_gmem_unbind()");
            if (!await GetFileActive(cpu))
            {
                return false; // "Nothing to do if the underlying file was already closed"
            }

            return await UnbindLocked(cpu);
        }

        // kvm_gmem_unbind(): slots_lock held.
        public async Coroutine<bool> Unbind(Cpu cpu)
        {
            cpu.Log($"  kvm_gmem_unbind()");
            if (await cpu.ReadOnce(slot[0]) == 0)
            {
                return false; // kvm_gmem_release() is done with it
            }

            if (await GetFileActive(cpu))
            {
                return await UnbindLocked(cpu);
            }

            await DropBinding(cpu); // the file is dying, and ->release waits for slots_lock
            return false;
        }

        private async Coroutine<bool> UnbindLocked(Cpu cpu)
        {
            await cpu.Lock(invalidateLock);
            await DropBinding(cpu);
            await cpu.Unlock(invalidateLock);
            return await PutFile(cpu);
        }

        private async Coroutine<bool> PutFile(Cpu cpu) => await cpu.AddReturn(Count, -1) == 0;

        // __kvm_gmem_unbind().
        private async Coroutine DropBinding(Cpu cpu)
        {
            await cpu.WriteOnce(Bindings, 0);
            await cpu.WriteOnce(slot[0], 0);
        }

        // get_file_active(): fails where the last reference is gone.
        private async Coroutine<bool> GetFileActive(Cpu cpu)
        {
            while (true)
            {
                ulong count = await cpu.ReadOnce(Count);
                if (count == 0)
                {
                    cpu.Log($"    get_file_active() => no");
                    return false;
                }

                if (await cpu.CmpXchg(Count, count, count + 1) == count)
                {
                    return true;
                }
            }
        }

        // kvm_gmem_release().
        private async Coroutine Release(Cpu cpu)
        {
            cpu.Log($"kvm_gmem_release()");
            await cpu.Lock(slotsLock);
            await cpu.Lock(invalidateLock);
            if (await cpu.ReadOnce(Bindings) != 0)
            {
                await cpu.WriteOnce(slot[0], 0);
                cpu.Log($"  slot->gmem.file = NULL");
            }

            await cpu.Unlock(invalidateLock);
            await cpu.Unlock(slotsLock);
        }
    }
}
