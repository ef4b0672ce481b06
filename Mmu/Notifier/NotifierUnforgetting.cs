namespace MmuStress.Mmu;

/// <summary>Today's notifier, with a kvm_destroy_vm() that does not forget notifications whose end never comes: freeing memslots then waits for ever (S4-8).</summary>
/// <param name="kvm">The VM.</param>
public sealed class NotifierUnforgetting(Kvm kvm) : KvmMmuNotifier(kvm)
{
    /// <inheritdoc/>
    public override Coroutine Unregistered(Cpu cpu) => Coroutine.Completed;
}
