using MmuStress.Machine;

namespace MmuStress.Hosts.Akka;

/// <summary>What a VM is told and what it answers. Times are in milliseconds, and everything can be sent to another machine.</summary>
internal static class Vm
{
    /// <summary>Run, and tell the sender <see cref="Begun"/> at once, <see cref="Progress"/> now and then and <see cref="Ended"/> when it is over.</summary>
    /// <param name="Number">The VM's number, from 0.</param>
    /// <param name="Attempt">How often it has begun before: it begins again where its node was lost.</param>
    /// <param name="Time">For how long.</param>
    /// <param name="Plan">What it is to run, in words; a VM of another plan answers <see cref="Refused"/>.</param>
    public sealed record Run(int Number, int Attempt, long Time, string Plan);

    /// <summary>End now, as if the time were up.</summary>
    /// <param name="Number">The VM's number.</param>
    /// <param name="IsCancelled">Whether actors that do not stop are no finding.</param>
    public sealed record End(int Number, bool IsCancelled);

    /// <summary>It runs.</summary>
    /// <param name="Number">The VM's number.</param>
    /// <param name="Attempt">Which attempt.</param>
    /// <param name="Node">The node it is on; empty where there is only one.</param>
    public sealed record Begun(int Number, int Attempt, string Node);

    /// <summary>How far it has come.</summary>
    /// <param name="Number">The VM's number.</param>
    /// <param name="Attempt">Which attempt.</param>
    /// <param name="Tally">What it has counted.</param>
    public sealed record Progress(int Number, int Attempt, VmTally Tally);

    /// <summary>It is over, and its actors are stopped.</summary>
    /// <param name="Number">The VM's number.</param>
    /// <param name="Attempt">Which attempt.</param>
    /// <param name="Tally">What it has counted.</param>
    /// <param name="IsWhole">Whether it ran until its time was up, its rounds were done, or a property was violated, and not only until its node had to give it up.</param>
    /// <param name="Violation">What was violated; null where everything held.</param>
    /// <param name="Violator">Who violated it: "vm3/vcpu1"; empty for nobody in particular.</param>
    public sealed record Ended(int Number, int Attempt, VmTally Tally, bool IsWhole, Violation? Violation, string Violator);

    /// <summary>It does not run, as its node was started with other parameters.</summary>
    /// <param name="Number">The VM's number.</param>
    /// <param name="Plan">What its node runs.</param>
    /// <param name="Node">The node.</param>
    public sealed record Refused(int Number, string Plan, string Node);
}
