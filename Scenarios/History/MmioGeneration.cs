using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>A vCPU remembers that an address is MMIO, with the generation of the memslots by which it decided that, while a memslot is created there (Z19).</summary>
/// <remarks>
/// Mirrors: install_new_memslots(), virt/kvm/kvm_main.c, and vcpu_cache_mmio_info() and vcpu_match_mmio_gen(), arch/x86/kvm/x86.h, before and after
/// "kvm: fix potentially corrupt mmio cache" (v3.17).
/// Before it the new memslots have the new generation when they are published. A vCPU that decided by the old ones then tags its decision with the
/// new one, and nothing makes that void. After it the generation is that of an update in progress until no vCPU can see the old memslots.
/// Differs: one memslot, which is there or not; MMIO ends in one step; the generation in progress is bit 63, as today.
/// </remarks>
/// <param name="isBefore">Whether the code is that before ee3d1570b586.</param>
public sealed class MmioGeneration(bool isBefore) : Scenario
{
    private const string NoStaleMmio = nameof(NoStaleMmio);
    private const ulong UpdateInProgress = 1UL << 63;

    private static readonly string[] Fields = ["kvm->memslots", "memslots[0]->generation", "memslots[1]->generation", "guest knows", "vcpu->arch.mmio_gen"];
    private static readonly Message[] Accesses = [new AccessesMmio()];
    private static readonly Message[] Creates = [new CreatesMemslot()];

    /// <inheritdoc/>
    public override string Name => isBefore ? "mmio-generation-before" : "mmio-generation";

    /// <inheritdoc/>
    public override string Summary => isBefore ? "the same as it was before ee3d1570b586" : "a vCPU remembers that an address is MMIO while a memslot is created there";

    /// <inheritdoc/>
    public override bool HasMmu => false;

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations { get; } =
        [isBefore ? Expectation.Violated("", "ee3d1570b586", NoStaleMmio).AfterPreemptions(2) : Expectation.Held("")];

    /// <inheritdoc/>
    public override void Build(Stage stage, ScenarioParameters parameters, string mmu)
    {
        var kvm = new State(stage.Machine, isBefore);
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            stage.Add(new Vcpu(Names.Vcpu(id), kvm, stage.Machine.Memory.Allocate("vcpu", Fields[4])[0]), Accesses);
        }

        stage.Add(new Memslots(kvm), Creates);
    }

    private sealed record AccessesMmio : Message;

    private sealed record CreatesMemslot : Message;

    private sealed class State
    {
        private readonly Block block;

        public State(Multiprocessor machine, bool isBefore)
        {
            IsBefore = isBefore;
            Srcu = new Srcu(machine);
            block = machine.Memory.Allocate("kvm", Fields[..4]);
        }

        public bool IsBefore { get; }

        public Srcu Srcu { get; }

        public Word Slots => block[0]; // the memslot is there in set 1

        public Word IsKnown => block[3]; // whether the ioctl has returned, and the guest was told

        public Word Generation(ulong slots) => block[1 + (int)slots];
    }

    private sealed class Vcpu(string name, State kvm, Word mmioGen) : Actor(name)
    {
        private const int Accesses = 2;

        public override bool IsInterchangeable => true;

        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            for (int i = 0; i < Accesses; i++)
            {
                ulong index = await cpu.SrcuReadLock(kvm.Srcu);
                await Access(cpu);
                await cpu.SrcuReadUnlock(kvm.Srcu, index);
            }
        }

        private async Coroutine Access(Cpu cpu)
        {
            bool isKnown = await cpu.LoadAcquire(kvm.IsKnown) != 0;
            ulong slots = await cpu.LoadAcquire(kvm.Slots);
            ulong cached = cpu.Read(mmioGen);
            if (cached != 0 && cached == await cpu.ReadOnce(kvm.Generation(slots)))
            {
                cpu.Log($"vcpu_match_mmio_gen() => yes: emulates MMIO");
                if (isKnown)
                {
                    cpu.Fail(NoStaleMmio, $"{cpu.Name} takes an address for MMIO whose memslot was there before the access", "MMIO, and it stays so");
                }

                return;
            }

            if (slots == 1)
            {
                cpu.Log($"finds the memslot");
                return;
            }

            cpu.Log($"finds no memslot: MMIO");
            ulong now = await cpu.LoadAcquire(kvm.Slots);
            ulong generation = await cpu.ReadOnce(kvm.Generation(now));
            cpu.Log($"vcpu_cache_mmio_info(): mmio_gen = {generation & ~UpdateInProgress}{((generation & UpdateInProgress) != 0 ? ", in progress" : "")}");
            cpu.Write(mmioGen, generation);
        }
    }

    private sealed class Memslots(State kvm) : Actor("memslots")
    {
        private bool isDone;

        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            if (isDone)
            {
                return; // free-running, scripts begin again; the memslot is created once
            }

            isDone = true;

            // install_new_memslots()
            ulong generation = await cpu.ReadOnce(kvm.Generation(0));
            await cpu.WriteOnce(kvm.Generation(1), kvm.IsBefore ? generation + 1 : generation | UpdateInProgress);
            await cpu.StoreRelease(kvm.Slots, 1);
            cpu.Log($"publishes the memslot");
            await cpu.SynchronizeSrcu(kvm.Srcu);
            if (!kvm.IsBefore)
            {
                await cpu.WriteOnce(kvm.Generation(1), generation + 1);
            }

            cpu.Log($"KVM_SET_USER_MEMORY_REGION returns");
            await cpu.StoreRelease(kvm.IsKnown, 1);
        }
    }
}
