namespace MmuStress.Traces;

/// <summary>How far a thread is with a fault, by the probes: into kvm_faultin_pfn(), back from it, to is_page_fault_stale(), to the result.</summary>
/// <remarks>
/// Mirrors: direct_page_fault(), kvm_tdp_mmu_page_fault(), arch/x86/kvm/mmu/mmu.c (v6.1 and v6.12).
/// Differs: the return of a function may go unseen, since the kernel has only so many return probes at a time; an entry does not.
/// </remarks>
internal sealed class FaultSteps
{
    private const int RetPfEmulate = 2;
    private const int Efault = 14;
    private Step step;
    private ulong gfn;
    private int returned;

    private enum Step : byte
    {
        None,
        Entered,
        Returned,
        Checked,
    }

    /// <summary>kvm_page_fault, or something that ends a fault.</summary>
    public void Begin() => step = Step.None;

    /// <summary>faultin: what is wrong with it; null where nothing is.</summary>
    /// <param name="at">Its gfn.</param>
    /// <param name="isRepeated">Whether the thread's last event was one as well.</param>
    /// <param name="fault">The fault that it must be of; null where it may be of another one.</param>
    public string? Faultin(ulong at, bool isRepeated, FaultState? fault)
    {
        (step, gfn) = (Step.Entered, at);
        return isRepeated ? "kvm_faultin_pfn() is entered a second time"
            : fault is not null && fault.Gfn != at ? $"gfn {at:x}: kvm_faultin_pfn() is entered, but the fault of line {fault.Line} is at gfn {fault.Gfn:x}"
            : null;
    }

    /// <summary>faultin_ret.</summary>
    public string? Return(int result)
    {
        string? wrong = step == Step.Entered ? null : "kvm_faultin_pfn() returns without having been entered";
        (step, returned) = (Step.Returned, result);
        return wrong;
    }

    /// <summary>stale_check.</summary>
    public string? Check(ulong at)
    {
        string? wrong = step switch
        {
            Step.Entered or Step.Returned when at != gfn => $"gfn {at:x}: is_page_fault_stale() is entered, but kvm_faultin_pfn() was for gfn {gfn:x}",
            Step.Returned when returned != 0 => $"gfn {at:x}: is_page_fault_stale() is entered, but kvm_faultin_pfn() returned {returned}",
            Step.Entered or Step.Returned => null,
            _ => $"gfn {at:x}: is_page_fault_stale() is entered without kvm_faultin_pfn() before",
        };
        step = Step.Checked;
        return wrong;
    }

    /// <summary>fault_ret.</summary>
    /// <param name="result">The result.</param>
    /// <param name="checksAll">Whether kvm_faultin_pfn() of this kernel has looked at error pages itself, so that a check always follows.</param>
    public string? Result(int result, bool checksAll)
    {
        string? wrong = step switch
        {
            Step.Returned when returned != 0 && result != returned => $"the fault's result is {result}, but kvm_faultin_pfn() returned {returned}",
            Step.Returned when returned == 0 && (checksAll || result > RetPfEmulate) => $"the fault's result is {result}, but there was no staleness check",
            Step.Checked when result == -Efault => $"the fault's result is {result}, but kvm_faultin_pfn() found the page",
            _ => null,
        };
        step = Step.None;
        return wrong;
    }
}
