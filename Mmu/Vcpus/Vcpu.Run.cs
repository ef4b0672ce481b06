namespace MmuStress.Mmu;

/// <content>The run loop: entering the guest, its accesses, leaving it.</content>
public sealed partial class Vcpu
{
    /// <summary>The guest reads: enters, accesses, leaves, and lets KVM handle faults until the access is done.</summary>
    /// <returns>How it ended, and what was read.</returns>
    public Coroutine<GuestAccess> GuestRead(Cpu cpu, Gpa gpa) => Run(cpu, gpa, write: false, value: 0);

    /// <summary>The guest writes <paramref name="value"/>: enters, accesses, leaves, and lets KVM handle faults until the access is done.</summary>
    /// <returns>How it ended.</returns>
    public Coroutine<GuestAccess> GuestWrite(Cpu cpu, Gpa gpa, ulong value) => Run(cpu, gpa, write: true, value);

    /// <summary>Enters the guest, in the architecture's way.</summary>
    /// <returns>When it is in the guest.</returns>
    public Coroutine EnterGuest(Cpu cpu) => Kvm.Arch.EnterGuest(cpu, this);

    /// <summary>Leaves the guest, in the architecture's way: interrupts that wait are taken now.</summary>
    /// <returns>When it is outside.</returns>
    public Coroutine LeaveGuest(Cpu cpu) => Kvm.Arch.LeaveGuest(cpu, this);

    /// <summary>Enters the guest: interrupts are off, and no request is pending that was made before the vCPU said that it is in the guest.</summary>
    /// <remarks>
    /// Mirrors: kvm_pre_enter_guest(), kvm_check_vpid(), kvm_late_check_requests(), arch/loongarch/kvm/vcpu.c and main.c (v6.12).
    /// Differs: requests are only looked at with interrupts off, and once, not three times: those that need interrupts on have the entry cancelled first.
    /// </remarks>
    /// <returns>When it is in the guest.</returns>
    internal async Coroutine EnterGuestAfterRequests(Cpu cpu)
    {
        while (true)
        {
            if (MayMigrate || hostCpu.IsShared)
            {
                await DisablePreemption(cpu);
            }

            await hostCpu.Interrupts.DisableInterrupts(cpu);
            if (Kvm.Arch.WritesCpuAtLoad && !ReferenceEquals(enteredOn, hostCpu))
            {
                await cpu.WriteOnce(Cpu, (ulong)hostCpu.Id); // kvm_arch_vcpu_load()
            }

            await cpu.Xchg(Mode, (ulong)VcpuMode.InGuestMode); // smp_store_mb
            if (CheckVpid(out bool migrated))
            {
                if (migrated && !Kvm.Arch.WritesCpuAtLoad)
                {
                    await cpu.WriteOnce(Cpu, (ulong)hostCpu.Id);
                }

                if (FlushGpa is not null)
                {
                    await cpu.FetchAndNot(Requests, Request.TlbFlushGpa.Bit);
                    FlushGpa = null;
                }
            }

            ulong pending = await cpu.ReadOnce(Requests);
            if (pending == 0)
            {
                return;
            }

            if (await LateCheckRequests(cpu, pending))
            {
                return;
            }

            await cpu.Xchg(Mode, (ulong)VcpuMode.OutsideGuestMode); // smp_store_mb
            await hostCpu.Interrupts.EnableInterrupts(cpu);
            if (MayMigrate || hostCpu.IsShared)
            {
                await EnablePreemption(cpu);
            }

            await CheckRequests(cpu, pending);
        }
    }

    /// <summary>One access by the guest, which has been entered: TLB, else page-table walk, then the page.</summary>
    /// <returns>How it ended: done or faulted.</returns>
    public async Coroutine<GuestAccess> Access(Cpu cpu, Gpa gpa, bool write, ulong value = 0)
    {
        Gfn gfn = gpa.Gfn;
        if (!hostCpu.Tlb.TryFind(hostCpu.GuestTag, gfn, out TlbEntry entry))
        {
            LeafEntry leaf = await Kvm.Arch.Walk(cpu, this, gfn);
            if (!leaf.AllowsRead || !TryFill(cpu, gfn, leaf, out entry))
            {
                FaultStatus = leaf.Present ? FaultStatus.AccessFlag : FaultStatus.Translation;
                return new GuestAccess(GuestExit.MmFault);
            }
        }

        if (write && !entry.Writable)
        {
            FaultStatus = FaultStatus.Permission;
            FaultLevel = entry.Level;
            Kvm.Tracepoints?.TlbDenied(cpu, this, gfn, write);
            if (Kvm.Arch.DropsFaultingTranslation)
            {
                hostCpu.Tlb.Flush(hostCpu.GuestTag, gfn);
            }

            return new GuestAccess(GuestExit.MmFault);
        }

        Frame frame = entry.Frame!;
        if (write)
        {
            await cpu.WriteOnce(frame.Content, value);
            cpu.Log($"guest writes {value} to gfn {gfn} (pfn {frame.Pfn})");
            Kvm.Tracepoints?.GuestStored(cpu, this, gfn, frame, value);
        }
        else
        {
            value = await cpu.ReadOnce(frame.Content);
            cpu.Log($"guest reads {value} from gfn {gfn} (pfn {frame.Pfn})");
            Kvm.Tracepoints?.GuestLoaded(cpu, this, gfn, frame, value);
        }

        return new GuestAccess(GuestExit.None, value);
    }

    /// <summary>Whether an interrupt waits, so that the guest must be left before its next access; what hardware looks at between two instructions.</summary>
    /// <returns>True when one does.</returns>
    public Coroutine<bool> IsInterruptPending(Cpu cpu) => hostCpu.Interrupts.IsInterruptPending(cpu);

    /// <summary>Leaves the guest: interrupts that wait are taken now.</summary>
    /// <remarks>
    /// Mirrors: the start of kvm_handle_exit(), arch/loongarch/kvm/vcpu.c.
    /// Differs: the store of the mode is a release, which stands for the exception that ends what the guest was doing.
    /// </remarks>
    /// <returns>When it is outside.</returns>
    internal async Coroutine LeaveGuestMode(Cpu cpu)
    {
        await cpu.StoreRelease(Mode, (ulong)VcpuMode.OutsideGuestMode);
        await hostCpu.Interrupts.EnableInterrupts(cpu);
        if (MayMigrate || hostCpu.IsShared)
        {
            await EnablePreemption(cpu);
        }
    }

    private async Coroutine<GuestAccess> Run(Cpu cpu, Gpa gpa, bool write, ulong value)
    {
        RunningOn = Kvm.UsesDirtyRing ? cpu : null;
        while (true)
        {
            if (Kvm.UsesDirtyRing && await DirtyRingCheckRequest(cpu))
            {
                return new GuestAccess(GuestExit.DirtyRingFull);
            }

            await EnterGuest(cpu);
            GuestAccess access = await Access(cpu, gpa, write, value);
            await LeaveGuest(cpu);
            if (access.Exit != GuestExit.MmFault)
            {
                return access;
            }

            int error = await Kvm.Arch.HandleMmFault(cpu, this, gpa, write);
            if (error != 0)
            {
                return new GuestAccess(GuestExit.Mmio, value, error);
            }
        }
    }

    /// <summary>kvm_check_vpid: takes a new VPID where the present one is of another physical CPU or an earlier round.</summary>
    private bool CheckVpid(out bool migrated)
    {
        migrated = !ReferenceEquals(enteredOn, hostCpu);
        bool isNew = migrated || !hostCpu.IsCurrent(vpid);
        if (isNew)
        {
            vpid = hostCpu.NextVpid();
            enteredOn = hostCpu;
        }

        hostCpu.LoadGuestTag(vpid);
        return isNew;
    }

    /// <summary>kvm_late_check_requests: does what can be done with interrupts off.</summary>
    /// <returns>Whether that was all.</returns>
    private async Coroutine<bool> LateCheckRequests(Cpu cpu, ulong pending)
    {
        if ((pending & Request.TlbFlushGpa.Bit) != 0 && await CheckRequest(cpu, Request.TlbFlushGpa) && FlushGpa is { } gpa)
        {
            FlushTlbGpaHere(gpa);
            FlushGpa = null;
        }

        return (pending & ~Request.TlbFlushGpa.Bit) == 0;
    }

    private bool TryFill(Cpu cpu, Gfn gfn, LeafEntry leaf, out TlbEntry entry)
    {
        Frame? frame = Kvm.Mm.Memory.FindFrame(leaf.Pfn);
        entry = new TlbEntry(hostCpu.GuestTag, gfn, frame, leaf.AllowsWrite) { Level = leaf.Level };
        if (frame is null)
        {
            cpu.Fail(PageTableWalker.NoWildTranslation, $"gfn {gfn} is mapped to pfn {leaf.Pfn}, which never existed");
            return false;
        }

        hostCpu.Tlb.Fill(entry);
        cpu.Log($"TLB refill(gfn {gfn}) => pfn {leaf.Pfn}{(leaf.AllowsWrite ? ", writable" : "")}");
        Kvm.Tracepoints?.TlbFilled(cpu, this, gfn, leaf);
        return true;
    }
}
