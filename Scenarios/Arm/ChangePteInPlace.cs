using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>change_pte of an entry that maps a page, as KSM called it until 2012, outside of start and end: break before make (A12-5).</summary>
public sealed class ChangePteInPlace : VmScenario
{
    private static readonly Message[] Host = [new ChangesEntryInPlace()];

    /// <inheritdoc/>
    public override string Name => "change-pte-in-place";

    /// <inheritdoc/>
    public override string Summary => "change_pte of an entry that maps another page, without an invalidation around it";

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations => [];

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { SparePages = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Reads(vm.First, 1));
        }

        stage.Add(new Notifications(vm), Host);
        vm.Check(new BreakBeforeMake());
    }

    private sealed record ChangesEntryInPlace : Message;

    // set_pte_at_notify() before "mm: move all mmu notifier invocations to be done outside the PT lock" (2012): nothing but the one callback.
    private sealed class Notifications(Vm vm) : Actor("ksmd")
    {
        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            Kvm kvm = vm.Kvm;
            Pfn other = vm.Mm.Peek(Hva.OfPage(vm.First.Value + (ulong)vm.Pages)).Pfn;
            ulong index = await cpu.SrcuReadLock(kvm.Srcu);
            await cpu.Lock(kvm.MmuLock);
            Memslot slot = (await kvm.GfnToMemslot(cpu, vm.First))!;
            await kvm.Arch.SetSpteGfn(cpu, new KvmGfnRange(slot, new GfnRange(vm.First, vm.First.Next), Pte: HostPte.Of(other, writable: true)));
            await cpu.Unlock(kvm.MmuLock);
            await cpu.SrcuReadUnlock(kvm.Srcu, index);
        }
    }
}
