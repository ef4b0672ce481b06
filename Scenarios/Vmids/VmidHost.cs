using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>I10: at any time a VM has one VMID on all CPUs that run it, no other VM has the same, and no guest uses another VM's TLB entry.</summary>
/// <remarks>
/// The hardware below VMIDs: for each physical CPU what its guest runs under, and a TLB with one entry for each VMID, which says whose page it
/// leads to. A broadcast TLBI empties the TLBs one after the other while guests go on; DSB waits for all of them.
/// Differs: nothing is known of page tables; a walk finds the page of the VM whose VTTBR is loaded.
/// </remarks>
internal sealed class VmidHost
{
    /// <summary>The property's name.</summary>
    public const string VmidUnique = nameof(VmidUnique);

    /// <summary>How wide a VMID is: 1 to 3 can be given.</summary>
    public const int VmidBits = 2;

    private const int VmShift = 8;
    private const int TlbEntryBits = 8;

    private readonly Block vttbr;
    private readonly Block tlb;

    /// <summary>CPUs that run nothing.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="cpus">How many.</param>
    public VmidHost(Multiprocessor machine, int cpus)
    {
        vttbr = machine.Memory.Allocate("VTTBR_EL2", cpus, BlockKind.Static);
        tlb = machine.Memory.Allocate("TLB", cpus, BlockKind.Static);
        Interrupts = new PhysicalCpu[cpus];
        for (int i = 0; i < cpus; i++)
        {
            Interrupts[i] = new PhysicalCpu(machine, i);
        }
    }

    /// <summary>The CPUs as interrupt targets.</summary>
    public PhysicalCpu[] Interrupts { get; }

    /// <summary>Runs a guest for one access: enters, reads a page through the TLB, leaves.</summary>
    /// <param name="cpu">The vCPU's thread; cannot be preempted.</param>
    /// <param name="thisCpu">The physical CPU it is on.</param>
    /// <param name="vm">The VM's number.</param>
    /// <param name="vmid">The VMID in VTTBR_EL2.</param>
    /// <returns>When it has left.</returns>
    public async Coroutine RunGuest(Cpu cpu, int thisCpu, int vm, ulong vmid)
    {
        await cpu.WriteOnce(vttbr[thisCpu], ((ulong)(vm + 1) << VmShift) | vmid);
        cpu.Log($"vm{vm} runs on cpu{thisCpu} with VMID {vmid}");
        CheckRunning(cpu, thisCpu, vm, vmid);

        int shift = (int)vmid * TlbEntryBits;
        ulong owner = (await cpu.HardwareRead(tlb[thisCpu]) >> shift) & ((1 << TlbEntryBits) - 1);
        if (owner == 0)
        {
            await cpu.FetchOr(tlb[thisCpu], (ulong)(vm + 1) << shift);
        }
        else if (owner != (ulong)(vm + 1))
        {
            cpu.Fail(VmidUnique, $"vm{vm} reads a page of vm{owner - 1} through the TLB of cpu{thisCpu}, under VMID {vmid}", $"reads a page of vm{owner - 1}");
        }

        await cpu.WriteOnce(vttbr[thisCpu], 0);
    }

    /// <summary>__kvm_flush_vm_context(): TLBIALLNSNHIS and DSB.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>When every TLB has been emptied.</returns>
    public async Coroutine FlushVmContext(Cpu cpu)
    {
        cpu.Log($"  __kvm_flush_vm_context()");
        for (int i = 0; i < tlb.Length; i++)
        {
            await cpu.WriteOnce(tlb[i], 0);
        }

        await cpu.Mb(); // dsb(ish)
    }

    /// <summary>force_vm_exit(cpu_all_mask): when it returns, every other CPU has left its guest at least once.</summary>
    /// <param name="cpu">The caller; interrupts on.</param>
    /// <param name="thisCpu">The physical CPU it is on.</param>
    /// <returns>When they have.</returns>
    public async Coroutine ForceVmExit(Cpu cpu, int thisCpu)
    {
        cpu.Log($"  force_vm_exit()");
        for (int i = 0; i < Interrupts.Length; i++)
        {
            if (i != thisCpu)
            {
                await Interrupts[i].Interrupt(cpu, wait: true);
            }
        }
    }

    private void CheckRunning(Cpu cpu, int thisCpu, int vm, ulong vmid)
    {
        if (vmid == 0)
        {
            cpu.Fail(VmidUnique, $"vm{vm} runs on cpu{thisCpu} with VMID 0, which is the host's", "VMID 0 is the host's");
            return;
        }

        for (int i = 0; i < vttbr.Length; i++)
        {
            ulong other = i == thisCpu ? 0 : vttbr[i].Peek;
            if (other == 0)
            {
                continue;
            }

            ulong otherVmid = other & ((1 << VmShift) - 1);
            int otherVm = (int)(other >> VmShift) - 1;
            if (otherVm == vm && otherVmid != vmid)
            {
                cpu.Fail(VmidUnique, $"vm{vm} runs with VMID {vmid} on cpu{thisCpu} and with VMID {otherVmid} on cpu{i}", $"two VMIDs: {vmid} and {otherVmid}");
            }
            else if (otherVm != vm && otherVmid == vmid)
            {
                cpu.Fail(VmidUnique, $"vm{vm} on cpu{thisCpu} and vm{otherVm} on cpu{i} both run with VMID {vmid}", $"vm{otherVm} has VMID {vmid}, too");
            }
        }
    }
}
