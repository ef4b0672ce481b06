namespace MmuStress.Mmu;

/// <summary>A vCPU whose guest is a hypervisor: it enters that hypervisor's guest, L2.</summary>
/// <remarks>
/// <para>
/// <b>Guarantee.</b> The MSR bitmap that L2 runs with is L1's as one set of memslots has it, at an address that was checked. The mechanism: the controls
/// are copied before they are checked, and everything from there to the last read of the bitmap is in one SRCU section, in which an update of memslots
/// shows at most that a memslot has become INVALID.
/// </para>
/// Mirrors: nested_svm_vmrun(), nested_svm_vmrun_msrpm(), arch/x86/kvm/svm/nested.c (v5.13).
/// Differs: a page of the bitmap is one word; KVM's own bitmap asks for nothing; the I/O bitmap is checked and not read, as KVM intercepts all I/O.
/// </remarks>
/// <param name="kvm">The VM.</param>
/// <param name="vmcb12">L1's VMCB.</param>
/// <param name="maxPhyAddr">cpuid_maxphyaddr(): the width of L1's physical addresses in bits, 1 to 63.</param>
/// <param name="check">What is checked about the bitmaps' addresses.</param>
public class NestedSvm(Kvm kvm, Vmcb12 vmcb12, int maxPhyAddr, NestedBitmapCheck check)
{
    private readonly ulong[] msrpm = new ulong[SvmBitmaps.MsrpmPages];

    /// <summary>svm->nested.ctl: KVM's copy of the controls that L2 runs with.</summary>
    public VmcbControl Control { get; private protected set; }

    /// <summary>svm->nested.msrpm: the bitmap that L2 runs with, a word for each page.</summary>
    public ReadOnlySpan<ulong> Msrpm => msrpm;

    /// <summary>Whether the addresses are legal that L2 runs with.</summary>
    public bool IsControlLegal => check.CheckControls(maxPhyAddr, Control);

    /// <summary>L1's VMCB.</summary>
    protected Vmcb12 Vmcb12 => vmcb12;

    /// <summary>VMRUN: enters L2, unless L1 asks for what cannot be.</summary>
    /// <remarks>Locking: kvm->srcu, which vcpu_run() holds around every exit.</remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <returns>Whether L2 runs; otherwise L1 sees SVM_EXIT_ERR.</returns>
    public virtual async Coroutine<bool> NestedSvmVmrun(Cpu cpu)
    {
        cpu.Log($"nested_svm_vmrun()");
        ulong index = await cpu.SrcuReadLock(kvm.Srcu);
        bool isEntered = await CheckAndLoadControls(cpu) && await NestedSvmVmrunMsrpm(cpu);
        await cpu.SrcuReadUnlock(kvm.Srcu, index);
        cpu.Log($"nested_svm_vmrun() => {(isEntered ? "L2 runs" : "SVM_EXIT_ERR")}");
        return isEntered;
    }

    /// <summary>nested_load_control_from_vmcb12() and nested_vmcb_check_controls(), in this order: what is used is what was checked.</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <returns>Whether the controls are legal.</returns>
    protected virtual async Coroutine<bool> CheckAndLoadControls(Cpu cpu)
    {
        await LoadControls(cpu);
        return Check(cpu, Control);
    }

    /// <summary>nested_load_control_from_vmcb12().</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <returns>When they are copied.</returns>
    protected async Coroutine LoadControls(Cpu cpu)
    {
        Control = (await vmcb12.Read(cpu)).Aligned();
        cpu.Log($"  nested_load_control_from_vmcb12() => msrpm_base_pa 0x{Control.MsrpmBasePa:x}");
    }

    /// <summary>nested_vmcb_check_controls().</summary>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="control">What is checked.</param>
    /// <returns>Whether it is legal.</returns>
    protected bool Check(Cpu cpu, VmcbControl control)
    {
        bool isLegal = check.CheckControls(maxPhyAddr, control);
        cpu.Log($"  nested_vmcb_check_controls() => {(isLegal ? "yes" : "no")}");
        return isLegal;
    }

    /// <summary>nested_svm_vmrun_msrpm(): merges L1's MSR bitmap into the one that L2 runs with.</summary>
    /// <remarks>Locking: kvm->srcu.</remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <returns>Whether all of it could be read.</returns>
    protected async Coroutine<bool> NestedSvmVmrunMsrpm(Cpu cpu)
    {
        for (int page = 0; page < msrpm.Length; page++)
        {
            if (await ReadGuest(cpu, new Gpa(unchecked(Control.MsrpmBasePa + ((ulong)page * PageSize.Bytes)))) is not { } value)
            {
                return false;
            }

            msrpm[page] = value;
        }

        return true;
    }

    /// <summary>kvm_vcpu_read_guest(): reads through the memslots.</summary>
    /// <remarks>Mirrors: __kvm_read_guest_page(), virt/kvm/kvm_main.c. Locking: kvm->srcu.</remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="gpa">Where.</param>
    /// <returns>The word that stands for the page; null for -EFAULT.</returns>
    protected virtual async Coroutine<ulong?> ReadGuest(Cpu cpu, Gpa gpa)
    {
        Memslot? slot = await kvm.GfnToMemslot(cpu, gpa.Gfn);
        if (!Kvm.TryGfnToHvaMemslotProt(cpu, slot, gpa.Gfn, out Hva hva, out _))
        {
            cpu.Log($"  kvm_vcpu_read_guest(gfn {gpa.Gfn}) => -EFAULT");
            return null;
        }

        ulong? value = await kvm.Mm.HostRead(cpu, hva);
        cpu.Log($"  kvm_vcpu_read_guest(gfn {gpa.Gfn}) => {value}");
        return value;
    }
}
