using Akka.Actor;

namespace MmuStress.Hosts.Akka;

/// <summary>The coordinator of VMs that are all in this process.</summary>
/// <param name="plan">What the VMs run.</param>
/// <param name="ledger">Where what they report is gathered.</param>
/// <param name="vms">The VMs, by number.</param>
/// <param name="over">Completed when every VM has ended.</param>
internal sealed class LocalCoordinator(VmPlan plan, SoakLedger ledger, IActorRef[] vms, TaskCompletionSource over)
    : SoakCoordinator(plan, ledger, message => Tell(vms, message), over)
{
    private static void Tell(IActorRef[] vms, object message) => vms[message is Vm.Run run ? run.Number : ((Vm.End)message).Number].Tell(message);
}
