using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Two vCPUs shadow the same region-3 table of a nested guest (Z52).</summary>
/// <remarks>
/// Mirrors: gmap_shadow_r3t(), arch/s390/mm/gmap.c, before and after "KVM: s390: vsie: Fix possible race when shadowing region 3 tables" (v5.7). Who finds that
/// another vCPU is at it must give its own table back and try again; before the fix it overwrites the other's.
/// Differs: one table; its parent is protected at once; the shadow goes at the end.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class ShadowRegion3Table(bool isBefore) : LifetimeRace(
    "shadow-region3-table", "two vCPUs shadow the same table of a nested guest", "1493e0f944f3", MmuInvariants.NoTableLeak, isBefore)
{
    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        var gmap = new Gmap(stage.Machine);
        for (int id = 0; id < 2; id++)
        {
            AddThread(stage, Names.Vcpu(id), IsBefore ? gmap.ShadowBefore : gmap.Shadow);
        }

        stage.Finally(gmap.Unshadow, checkLeaks: true);
    }

    private sealed class Gmap
    {
        private const ulong RegionEntryInvalid = 0x20;
        private const int OriginShift = 12;

        private readonly Multiprocessor machine;
        private readonly SpinLock guestTableLock;
        private readonly Word entry;

        public Gmap(Multiprocessor machine)
        {
            this.machine = machine;
            guestTableLock = new SpinLock(machine, LifetimeLocks.SpinLock);
            entry = machine.Memory.Allocate("sg->guest_table", "region-2 entry")[0];
            entry.Initialise(RegionEntryInvalid);
        }

        // gmap_shadow_r3t() before the fix.
        public async Coroutine ShadowBefore(Cpu cpu)
        {
            Page table = Allocate(cpu);
            await cpu.Lock(guestTableLock);
            ulong now = cpu.Read(entry);
            if ((now & RegionEntryInvalid) == 0)
            {
                await cpu.Unlock(guestTableLock);
                machine.Memory.FreePage(cpu, table); // already established
                return;
            }

            // else if (*table & _REGION_ENTRY_ORIGIN) rc = -EAGAIN, and no goto
            await Link(cpu, table);
        }

        // gmap_shadow_r3t().
        public async Coroutine Shadow(Cpu cpu)
        {
            Page table = Allocate(cpu);
            await cpu.Lock(guestTableLock);
            ulong now = cpu.Read(entry);
            if ((now & RegionEntryInvalid) == 0 || now >> OriginShift != 0)
            {
                await cpu.Unlock(guestTableLock);
                machine.Memory.FreePage(cpu, table); // already established, or -EAGAIN
                return;
            }

            await Link(cpu, table);
        }

        // gmap_unshadow_r3t().
        public async Coroutine Unshadow(Cpu cpu)
        {
            await cpu.Lock(guestTableLock);
            ulong now = cpu.Read(entry);
            cpu.Write(entry, RegionEntryInvalid);
            await cpu.Unlock(guestTableLock);
            if (now >> OriginShift != 0)
            {
                machine.Memory.FreePage(cpu, machine.Memory.PageAt(now >> OriginShift)!);
            }
        }

        private Page Allocate(Cpu cpu)
        {
            Page table = machine.Memory.AllocatePage("region-3 table", KvmArch.TablePage);
            cpu.Log($"gmap_shadow_r3t()  s_r3t = table {table.FrameNumber}");
            return table;
        }

        // Marks the entry as invalid as long as the parent's table is not protected; then looks whether it is still ours.
        private async Coroutine Link(Cpu cpu, Page table)
        {
            cpu.Write(entry, (table.FrameNumber << OriginShift) | RegionEntryInvalid);
            cpu.Log($"  *table = table {table.FrameNumber}, invalid");
            await cpu.Unlock(guestTableLock);
            await cpu.Lock(guestTableLock); // after gmap_protect_rmap()
            if (cpu.Read(entry) >> OriginShift == table.FrameNumber)
            {
                cpu.Write(entry, table.FrameNumber << OriginShift);
            }

            await cpu.Unlock(guestTableLock);
        }
    }
}
