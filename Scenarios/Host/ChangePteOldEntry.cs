using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The callbacks clear_young and change_pte, one after the other, on a page that a TLB holds: an entry that is old in memory may be in a TLB (LA20-11).</summary>
/// <remarks>
/// The unit, not the whole kernel: there, invalidate_range_start zaps and flushes before change_pte. From v6.10 on there is no change_pte, so
/// only the postings are expected to run it.
/// </remarks>
public sealed class ChangePteOldEntry : VmScenario
{
    private static readonly Message[] Guest = [new GuestReads(new Gfn(1))];
    private static readonly Message[] Host = [new ChangesOldEntry()];

    /// <inheritdoc/>
    public override string Name => "change-pte-old-entry";

    /// <inheritdoc/>
    public override string Summary => "change_pte of an entry that was aged without a flush, while a TLB holds it";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } =
    [
        Expectation.Violated(V3, "LA3-8", nameof(NoStaleTlb)).AfterPreemptions(0),
        Expectation.Violated(V20, "LA20-11", nameof(NoStaleTlb)).AfterPreemptions(0),
    ];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { SparePages = 1 };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Guest);
        }

        stage.Add(new Notifications(vm), Host);
    }

    private sealed record ChangesOldEntry : Message;

    private sealed class Notifications(Vm vm) : Actor("host")
    {
        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            KvmMmuNotifier notifier = vm.Kvm.MmuNotifier;
            HvaRange page = HvaRange.OfPages(1, 1);
            Pfn before = vm.Kvm.PeekLeaf(vm.First).Pfn;
            Pfn after = vm.Mm.Peek(Hva.OfPage(vm.First.Value + (ulong)vm.Pages)).Pfn;
            await notifier.ClearYoung(cpu, page);
            await notifier.InvalidateRangeStart(cpu, HvaRange.OfPages(2, 1), mayBlock: true);
            await notifier.ChangePte(cpu, page.Start, HostPte.Of(after, writable: true));
            Check(cpu, before);
            await notifier.InvalidateRangeEnd(cpu, HvaRange.OfPages(2, 1));
        }

        private void Check(Cpu cpu, Pfn before)
        {
            Vcpu vcpu = vm.Kvm.Vcpus[0];
            if (vm.Kvm.PeekLeaf(vm.First).Pfn == before || vcpu.Requests.Peek != 0)
            {
                return;
            }

            foreach (TlbEntry entry in vcpu.HostCpu.Tlb.Entries)
            {
                if (entry.Frame is not null && entry.Gfn == vm.First && entry.Frame.Pfn == before)
                {
                    cpu.Fail(nameof(NoStaleTlb), $"change_pte returned and {vcpu.HostCpu}'s TLB still maps gfn {vm.First} to pfn {before}", "no flush: the entry was old");
                }
            }
        }
    }
}
