using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>The fault-versus-invalidate protocol in seven words, as it is written for other tools too, so that speed and counts can be compared.</summary>
/// <remarks>
/// A vCPU takes a snapshot of the sequence count, reads the host PTE, and under mmu_lock checks for invalidation and installs; at most one
/// retry. A notifier raises in_progress and zaps, unmaps and frees, then counts up the sequence and lowers in_progress.
/// </remarks>
/// <param name="name">The variant's name.</param>
/// <param name="summary">What is special about it.</param>
/// <param name="variant">What is special about it.</param>
public sealed class PeerProtocol(string name, string summary, PeerVariant variant) : Scenario
{
    private const string NoStaleMapping = "NoStaleMapping";
    private const string Rmb = "rmb";

    private static readonly LockClass MmuLock = new("mmu_lock", maySleep: false, isHeadline: true);
    private static readonly LockClass PageTableLock = new("page_table_lock", maySleep: false);
    private static readonly string[] Fields = ["mmu_invalidate_seq", "mmu_invalidate_in_progress", "pte", "host_pte", "freed"];
    private static readonly Message[] Go = [new PeerMessage()];

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Summary => summary;

    /// <inheritdoc/>
    public override bool HasMmu => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> CanLeaveOut { get; } = [Rmb];

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations { get; } = variant == PeerVariant.Buggy
        ? [Expectation.Violated("", "LA20-1", NoStaleMapping)]
        : variant == PeerVariant.Correct
            ? [Expectation.Violated("", "no smp_wmb() before mmu_invalidate_seq", NoStaleMapping).OnlyUnder("lkmm").AfterPreemptions(0)]
            : [Expectation.Held("")];

    /// <inheritdoc/>
    public override void Build(Stage stage, ScenarioParameters parameters, string mmu)
    {
        var state = new State(stage.Machine, variant, string.Equals(parameters.Without, Rmb, StringComparison.Ordinal));
        for (int i = 0; i < parameters.Vcpus; i++)
        {
            stage.Add(new Vcpu(i, state), Go);
        }

        for (int i = 0; i < parameters.Notifiers; i++)
        {
            stage.Add(new Notifier(i, state), Go);
        }

        stage.CheckAtEnd(state.Check);
    }

    private sealed record PeerMessage : Message;

    private sealed class State
    {
        private readonly Multiprocessor machine;
        private readonly Block block;

        public State(Multiprocessor machine, PeerVariant variant, bool withoutRmb)
        {
            this.machine = machine;
            Variant = variant;
            WithoutRmb = withoutRmb;
            block = machine.Memory.Allocate("kvm", Fields);
            HostPte.Initialise(1);
            Lock = new SpinLock(machine, MmuLock);
            HostLock = variant == PeerVariant.PageTableLock ? new SpinLock(machine, PageTableLock) : null;
        }

        public PeerVariant Variant { get; }

        public bool WithoutRmb { get; }

        public SpinLock Lock { get; }

        public SpinLock? HostLock { get; }

        public Word Sequence => block[0];

        public Word InProgress => block[1];

        public Word Pte => block[2];

        public Word HostPte => block[3];

        public Word Freed => block[4];

        public void Check()
        {
            if (Pte.Peek != 0 && Freed.Peek != 0)
            {
                machine.Report(new Violation(NoStaleMapping, "pte still maps the page, which the host has freed", "stale: the page is free"), null);
            }
        }
    }

    private sealed class Vcpu(int id, State state) : Actor(Names.Vcpu(id))
    {
        public override bool IsInterchangeable => true;

        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            if (!await TryFault(cpu))
            {
                await TryFault(cpu);
            }
        }

        private async Coroutine<bool> TryFault(Cpu cpu)
        {
            ulong snapshot = await cpu.ReadOnce(state.Sequence);
            if (!state.WithoutRmb)
            {
                await cpu.Rmb();
            }

            if (state.HostLock is not null)
            {
                await cpu.Lock(state.HostLock);
            }

            ulong pfn = await cpu.ReadOnce(state.HostPte);
            if (state.HostLock is not null)
            {
                await cpu.Unlock(state.HostLock);
            }

            if (pfn == 0)
            {
                return true;
            }

            if (state.Variant == PeerVariant.Buggy)
            {
                if (await IsStale(cpu, snapshot))
                {
                    return false;
                }

                await cpu.Lock(state.Lock);
            }
            else
            {
                await cpu.Lock(state.Lock);
                if (await IsStale(cpu, snapshot))
                {
                    await cpu.Unlock(state.Lock);
                    return false;
                }
            }

            await cpu.WriteOnce(state.Pte, pfn);
            await cpu.Unlock(state.Lock);
            return true;
        }

        private async Coroutine<bool> IsStale(Cpu cpu, ulong snapshot) =>
            await cpu.ReadOnce(state.InProgress) != 0 || await cpu.ReadOnce(state.Sequence) != snapshot;
    }

    private sealed class Notifier(int id, State state) : Actor(Names.Notifier(id))
    {
        public override bool IsInterchangeable => true;

        public override async Coroutine Receive(Cpu cpu, Message message)
        {
            await cpu.Lock(state.Lock);
            await cpu.WriteOnce(state.InProgress, await cpu.ReadOnce(state.InProgress) + 1);
            await cpu.WriteOnce(state.Pte, 0);
            await cpu.Unlock(state.Lock);
            if (state.HostLock is not null)
            {
                await cpu.Lock(state.HostLock);
            }

            await cpu.WriteOnce(state.HostPte, 0);
            if (state.HostLock is not null)
            {
                await cpu.Unlock(state.HostLock);
            }

            await cpu.WriteOnce(state.Freed, 1);
            if (state.Variant == PeerVariant.Release)
            {
                await cpu.Wmb();
            }

            await cpu.Lock(state.Lock);
            await cpu.WriteOnce(state.Sequence, await cpu.ReadOnce(state.Sequence) + 1);
            await cpu.WriteOnce(state.InProgress, await cpu.ReadOnce(state.InProgress) - 1);
            await cpu.Unlock(state.Lock);
        }
    }
}
