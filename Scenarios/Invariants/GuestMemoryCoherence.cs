using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I14: a guest read returns what was last written there, whichever vCPU wrote it and wherever the host keeps the page.</summary>
/// <remarks>
/// Exact under sequential consistency, where an access and this check are one step; free-running it is not looked at. What the host itself
/// writes, or drops, counts as written.
/// </remarks>
/// <param name="initial">What every page holds in the beginning.</param>
public sealed class GuestMemoryCoherence(ulong initial = 0) : Checker
{
    private readonly Dictionary<Gfn, ulong> last = [];

    /// <summary>Somebody other than the guest has written.</summary>
    /// <param name="gfn">Where.</param>
    /// <param name="value">What.</param>
    public void Written(Gfn gfn, ulong value) => last[gfn] = value;

    /// <inheritdoc/>
    public override void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        if (vcpu.Kvm.Machine is not NativeMachine)
        {
            Remembers(gfn);
            last[gfn] = value;
        }
    }

    /// <inheritdoc/>
    public override void GuestLoaded(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        if (vcpu.Kvm.Machine is NativeMachine)
        {
            return;
        }

        Recalls(gfn);
        ulong expected = last.GetValueOrDefault(gfn, initial);
        if (value != expected)
        {
            cpu.Fail(
                nameof(GuestMemoryCoherence),
                $"{vcpu} reads {value} from gfn {gfn}, where {expected} was written last",
                $"old data: {expected} was written");
        }
    }
}
