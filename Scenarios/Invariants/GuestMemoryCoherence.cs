using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I14: a guest read returns what was last written there, whichever vCPU wrote it and wherever the host keeps the page.</summary>
/// <remarks>
/// Exact under sequential consistency, where an access and this check are one step; free-running it is not looked at. What the host itself
/// writes, or drops, counts as written.
/// </remarks>
/// <param name="initial">What every page holds in the beginning.</param>
public class GuestMemoryCoherence(ulong initial = 0) : Checker
{
    private readonly Dictionary<Gfn, ulong> last = [];

    /// <summary>Somebody other than the guest has written.</summary>
    /// <param name="gfn">Where.</param>
    /// <param name="value">What.</param>
    public void Written(Gfn gfn, ulong value) => last[gfn] = value;

    /// <inheritdoc/>
    public override void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        if (vcpu.Kvm.Machine is not NativeMachine && PlaceOf(vcpu.Kvm, gfn) is { } place)
        {
            Remembers(place);
            last[place] = value;
        }
    }

    /// <inheritdoc/>
    public override void GuestLoaded(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value)
    {
        if (vcpu.Kvm.Machine is NativeMachine || PlaceOf(vcpu.Kvm, gfn) is not { } place)
        {
            return;
        }

        Recalls(place);
        ulong expected = last.TryGetValue(place, out ulong written) ? written : InitialAt(place);
        if (value != expected)
        {
            cpu.Fail(
                nameof(GuestMemoryCoherence),
                $"{vcpu} reads {value} from gfn {gfn}, where {expected} was written last",
                $"old data: {expected} was written");
        }
    }

    /// <summary>What a place holds in the beginning.</summary>
    /// <param name="place">The place.</param>
    /// <returns>Its content.</returns>
    protected virtual ulong InitialAt(Gfn place) => initial;

    /// <summary>Under which number it is remembered what a frame holds.</summary>
    /// <param name="kvm">The VM.</param>
    /// <param name="gfn">The frame.</param>
    /// <returns>The frame itself here; null where the frame is not looked at.</returns>
    protected virtual Gfn? PlaceOf(Kvm kvm, Gfn gfn) => gfn;
}
