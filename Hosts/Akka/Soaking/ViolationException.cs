using MmuStress.Machine;

namespace MmuStress.Hosts.Akka;

/// <summary>A property did not hold: how an actor tells its supervisor that the run is over.</summary>
/// <param name="violation">What did not hold.</param>
internal sealed class ViolationException(Violation violation) : Exception($"{violation.Invariant}: {violation.Message}")
{
    /// <summary>What did not hold.</summary>
    public Violation Violation { get; } = violation;
}
