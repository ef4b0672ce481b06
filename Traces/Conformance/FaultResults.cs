namespace MmuStress.Traces;

/// <summary>What a fault that did something to its SPTE must return.</summary>
/// <remarks>
/// Mirrors: tdp_mmu_map_handle_target_level(), fast_page_fault() (v6.1 and v6.12): RET_PF_FIXED where the entry was changed, RET_PF_SPURIOUS, the next number,
/// where it was right already.
/// Differs: the number of RET_PF_FIXED is not the same in all kernels; it is what the first fault that changed its entry returned.
/// </remarks>
internal sealed class FaultResults
{
    private int? isFixed;

    /// <summary>fault_ret of a VM with a TDP MMU: what is wrong with it; null where nothing is.</summary>
    public string? Take(FaultState fault, int result, bool seesFast)
    {
        if (fault.IsMmio)
        {
            return result == isFixed || result == isFixed + 1 ? $"the result of the fault of line {fault.Line} is {result}, but its instruction must be emulated" : null;
        }

        if (fault.IsFast || fault.IsSpurious)
        {
            return Compare(fault, result, isSpurious: !fault.IsFast);
        }

        // With a write it may find the page write-protected for a shadow page of a nested guest: then the instruction is emulated.
        if (fault.IsSet && (!fault.IsWrite || SpteBits.IsWritable(fault.Spte)))
        {
            return Compare(fault, result, isSpurious: !fault.HasChanged);
        }

        return isFixed is { } number && (result == number || result == number + 1) && !fault.IsSet && (fault.IsRequested || seesFast)
            ? $"the result of the fault of line {fault.Line} is {result}, but it has neither set an SPTE nor found one that is right"
            : null;
    }

    private string? Compare(FaultState fault, int result, bool isSpurious)
    {
        isFixed ??= isSpurious ? null : result;
        int? expected = isSpurious ? isFixed + 1 : isFixed;
        return expected is { } number && result != number
            ? $"the result of the fault of line {fault.Line} is {result}, but one that {(isSpurious ? "finds its SPTE right" : "changes its SPTE")} returns {number}"
            : null;
    }
}
