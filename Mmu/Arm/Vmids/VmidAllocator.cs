namespace MmuStress.Mmu;

/// <summary>VMIDs as arm64 gives them since 2022: a bitmap, a generation above the VMID proper, and what each physical CPU runs now.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> Whoever runs a guest has the VMID that all of the VM's vCPUs have, and no TLB has entries of another VM under it. A rollover
/// reserves what runs (<c>active_vmids</c>), so that no guest has to be left, and empties all TLBs before it gives a VMID away again. A CPU that
/// begins to run meanwhile finds its <c>active_vmids</c> taken away and waits for cpu_vmid_lock.
/// </para>
/// Mirrors: arch/arm64/kvm/vmid.c at 100b4f092f87.
/// Locking: cpu_vmid_lock, but for the fast path of <see cref="Update"/> and <see cref="ClearActive"/>.
/// Differs: the relaxed atomics are fully ordered. The width is a parameter.
/// </remarks>
public sealed class VmidAllocator
{
    private const int GenerationField = 0;
    private const int CurIdxField = 1;

    private static readonly LockClass LockClass = new("cpu_vmid_lock", maySleep: false, isHeadline: true);
    private static readonly string[] Fields = ["vmid_generation", "cur_idx"];

    private readonly Block statics;
    private readonly Block map;
    private readonly Block activeVmids;
    private readonly Block reservedVmids;
    private readonly SpinLock cpuVmidLock;
    private readonly Func<Cpu, Coroutine> flushVmContext;
    private readonly int bits;
    private readonly int cpus;

    /// <summary>kvm_arm_vmid_alloc_init(): no VMID is given yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="cpus">num_possible_cpus().</param>
    /// <param name="bits">kvm_arm_vmid_bits, 8 or 16 in hardware.</param>
    /// <param name="flushVmContext">__kvm_flush_vm_context(): when it returns, no TLB holds anything of any guest from before the call.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not more VMIDs than CPUs, which the kernel warns of: VMID 0 is reserved.</exception>
    public VmidAllocator(Multiprocessor machine, int cpus, int bits, Func<Cpu, Coroutine> flushVmContext)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 16);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(cpus, (1 << bits) - 1);
        this.bits = bits;
        this.cpus = cpus;
        this.flushVmContext = flushVmContext;
        statics = machine.Memory.Allocate("vmid.c", Fields);
        map = machine.Memory.Allocate("vmid_map", Math.Max(1, (1 << bits) / 64), BlockKind.Static);
        activeVmids = machine.Memory.Allocate("active_vmids", cpus, BlockKind.Static);
        reservedVmids = machine.Memory.Allocate("reserved_vmids", cpus, BlockKind.Static);
        cpuVmidLock = new SpinLock(machine, LockClass);
        Generation.Initialise(FirstVersion);
        CurIdx.Initialise(1);
    }

    /// <summary>VMID_ACTIVE_INVALID: what a CPU runs that runs no guest. VMID 0 of the first generation, which is never given, and not 0.</summary>
    public ulong ActiveInvalid => FirstVersion;

    /// <summary>vmid_generation, in the bits above the VMID proper.</summary>
    public Word Generation => statics[GenerationField];

    private ulong FirstVersion => 1UL << bits;

    private Word CurIdx => statics[CurIdxField];

    /// <summary>active_vmids of a CPU: what it runs, 0 after a rollover has taken it away.</summary>
    /// <param name="thisCpu">The CPU's number.</param>
    /// <returns>The word.</returns>
    public Word ActiveVmid(int thisCpu) => activeVmids[thisCpu];

    /// <summary>The VMID proper: what stands in VTTBR_EL2 and tags TLB entries.</summary>
    /// <param name="vmid">kvm_vmid->id.</param>
    /// <returns>The VMID; 0 for none.</returns>
    public ulong Vmid2Idx(ulong vmid) => vmid & (FirstVersion - 1);

    /// <summary>kvm_arm_vmid_update(): makes the VM's VMID one of the current generation, and says that this CPU runs it.</summary>
    /// <remarks>Locking: preemption is off. Takes cpu_vmid_lock on the slow path.</remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="thisCpu">The physical CPU it is on.</param>
    /// <param name="id">kvm_vmid->id of the VM: 0 in the beginning.</param>
    /// <returns>Whether the VM got a new VMID.</returns>
    public async Coroutine<bool> Update(Cpu cpu, int thisCpu, Word id)
    {
        ulong vmid = await cpu.ReadOnce(id);
        ulong oldActiveVmid = await cpu.ReadOnce(ActiveVmid(thisCpu));
        if (oldActiveVmid != 0 && await GenMatches(cpu, vmid) && await cpu.CmpXchg(ActiveVmid(thisCpu), oldActiveVmid, vmid) != 0)
        {
            return false;
        }

        await cpu.Lock(cpuVmidLock);

        // Check that our VMID belongs to the current generation.
        bool updated = false;
        vmid = await cpu.ReadOnce(id);
        if (!await GenMatches(cpu, vmid))
        {
            vmid = await NewVmid(cpu, id);
            updated = true;
        }

        await cpu.WriteOnce(ActiveVmid(thisCpu), vmid);
        await cpu.Unlock(cpuVmidLock);
        return updated;
    }

    /// <summary>kvm_arm_vmid_clear_active(): this CPU runs no guest any more.</summary>
    /// <remarks>Locking: preemption is off, at the vCPU's sched-out.</remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="thisCpu">The physical CPU it is on.</param>
    /// <returns>When it is said.</returns>
    public Step ClearActive(Cpu cpu, int thisCpu) => cpu.WriteOnce(ActiveVmid(thisCpu), ActiveInvalid);

    // vmid_gen_match().
    private async Coroutine<bool> GenMatches(Cpu cpu, ulong vmid) => ((vmid ^ await cpu.ReadOnce(Generation)) >> bits) == 0;

    // new_vmid(). Caller holds cpu_vmid_lock.
    private async Coroutine<ulong> NewVmid(Cpu cpu, Word id)
    {
        ulong vmid = await cpu.ReadOnce(id);
        ulong generation = await cpu.ReadOnce(Generation);
        if (vmid != 0)
        {
            ulong newVmid = generation | Vmid2Idx(vmid);
            if (CheckUpdateReservedVmid(cpu, vmid, newVmid))
            {
                await cpu.WriteOnce(id, newVmid);
                cpu.Log($"new_vmid() => {Vmid2Idx(newVmid)} (reserved)");
                return newVmid;
            }

            if (!TestAndSetBit(cpu, Vmid2Idx(vmid)))
            {
                await cpu.WriteOnce(id, newVmid);
                cpu.Log($"new_vmid() => {Vmid2Idx(newVmid)} (again)");
                return newVmid;
            }
        }

        ulong index = FindNextZeroBit(cpu, cpu.Read(CurIdx));
        if (index == FirstVersion)
        {
            // We're out of VMIDs, so increment the global generation count.
            generation = await cpu.AddReturn(Generation, (long)FirstVersion);
            await FlushContext(cpu);

            // We have more VMIDs than CPUs, so this will always succeed.
            index = FindNextZeroBit(cpu, 1);
        }

        TestAndSetBit(cpu, index);
        cpu.Write(CurIdx, index);
        vmid = index | generation;
        await cpu.WriteOnce(id, vmid);
        cpu.Log($"new_vmid() => {index}");
        return vmid;
    }

    // flush_context(). Caller holds cpu_vmid_lock.
    private async Coroutine FlushContext(Cpu cpu)
    {
        cpu.Log($"flush_context()");
        for (int i = 0; i < map.Length; i++)
        {
            cpu.Write(map[i], 0);
        }

        for (int i = 0; i < cpus; i++)
        {
            ulong vmid = await cpu.Xchg(ActiveVmid(i), 0);

            // Preserve reserved VMID.
            if (vmid == 0)
            {
                vmid = cpu.Read(reservedVmids[i]);
            }

            TestAndSetBit(cpu, Vmid2Idx(vmid));
            cpu.Write(reservedVmids[i], vmid);
        }

        await flushVmContext(cpu);
    }

    // check_update_reserved_vmid(). Caller holds cpu_vmid_lock.
    private bool CheckUpdateReservedVmid(Cpu cpu, ulong vmid, ulong newVmid)
    {
        bool hit = false;
        for (int i = 0; i < cpus; i++)
        {
            if (cpu.Read(reservedVmids[i]) == vmid)
            {
                hit = true;
                cpu.Write(reservedVmids[i], newVmid);
            }
        }

        return hit;
    }

    // __test_and_set_bit() on vmid_map. Caller holds cpu_vmid_lock.
    private bool TestAndSetBit(Cpu cpu, ulong index)
    {
        Word word = map[(int)(index >> 6)];
        ulong bit = 1UL << (int)(index & 63);
        ulong now = cpu.Read(word);
        cpu.Write(word, now | bit);
        return (now & bit) != 0;
    }

    // find_next_zero_bit() on vmid_map; NUM_USER_VMIDS for none. Caller holds cpu_vmid_lock.
    private ulong FindNextZeroBit(Cpu cpu, ulong from)
    {
        ulong index = from;
        while (index < FirstVersion && (cpu.Read(map[(int)(index >> 6)]) & (1UL << (int)(index & 63))) != 0)
        {
            index++;
        }

        return index;
    }
}
