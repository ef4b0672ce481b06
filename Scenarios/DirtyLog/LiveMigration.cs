using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A live migration: all memory is copied, then what the dirty log reports, round by round, then once more with the guest stopped. Both sides must then be equal.</summary>
public sealed class LiveMigration : VmScenario
{
    /// <summary>The invariant: the destination's memory equals the source's (I6).</summary>
    public const string MigratedMemoryEqual = nameof(MigratedMemoryEqual);

    /// <inheritdoc/>
    public override string Name => "live-migration";

    /// <inheritdoc/>
    public override string Summary => "memory is copied by rounds of the dirty log while vCPUs write, then compared";

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations { get; } = OnLoongArch();

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new() { Flags = MemslotFlags.LogDirtyPages };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(FirstOf(vm, parameters, id), parameters.PagesPerVcpu));
        }

        var migration = new Migration(vm, parameters.Slots);
        stage.Add(migration, [new CopiesAll(), .. Scripts.Harvests(parameters.Slots, times: 2)]);
        stage.CheckAtEnd(() => migration.Finish(stage.Machine.SetupCpu));
        vm.Check(new NoStaleTlb());
    }

    private sealed record CopiesAll : Message;

    private sealed class Migration(Vm vm, int slots) : DirtyLogActor("migration", vm.Kvm, (vm.Pages + 63) / 64, slot => vm.SlotAt(slot).Count)
    {
        private readonly ulong[] destination = new ulong[vm.Pages];

        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            if (message is CopiesAll)
            {
                for (int page = 0; page < vm.Pages; page++)
                {
                    await Copy(cpu, page);
                }

                return;
            }

            await base.Receive(cpu, message);
            GfnRange slot = vm.SlotAt(((HarvestsDirtyLog)message).Slot);
            for (int i = 0; i < (int)slot.Count; i++)
            {
                if ((LastBitmap[i / 64] >> (i % 64) & 1) != 0)
                {
                    await Copy(cpu, (int)(slot.Start - vm.First) + i);
                }
            }
        }

        public void Finish(Cpu cpu)
        {
            foreach (Message last in Scripts.Harvests(slots, times: 1))
            {
                Receive(cpu, last).GetResult();
            }

            for (int page = 0; page < vm.Pages; page++)
            {
                ulong source = vm.Mm.HostRead(cpu, HvaOf(page)).GetResult() ?? 0;
                if (source != destination[page])
                {
                    cpu.Fail(MigratedMemoryEqual, $"gfn {vm.First + (ulong)page} holds {source} here and {destination[page]} at the destination", "a write was not migrated");
                    return;
                }
            }
        }

        private async Coroutine Copy(Cpu cpu, int page)
        {
            destination[page] = await vm.Mm.HostRead(cpu, HvaOf(page)) ?? 0;
            cpu.Log($"copies gfn {vm.First + (ulong)page}: {destination[page]}");
        }

        private Hva HvaOf(int page) => Hva.OfPage(vm.First.Value + (ulong)page);
    }
}
