using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors.Tests;

/// <summary>A native machine with a VM of eight pages, guest frame n being host page n, each of which holds its number.</summary>
internal sealed class ActorFixture
{
    public const int Pages = 8;

    public ActorFixture(KvmParameters? parameters = null, MemslotFlags flags = MemslotFlags.None, HostMmParameters? host = null)
    {
        Cpu = Machine.AddCpu("thread");
        Mm = new HostMm(Machine, Pages, host);
        for (ulong page = 0; page < Pages; page++)
        {
            Mm.Populate(Hva.OfPage(page), page);
        }

        Kvm = new Kvm(Machine, Mm, parameters ?? new KvmParameters(), MmuArchitectures.LoongArchMended);
        Vcpu = Kvm.CreateVcpu(mayMigrate: true);
        Assert.Equal(0, Kvm.SetMemoryRegion(Cpu, UserspaceMemoryRegion.OfPages(0, 0, Pages, 0, flags)).GetResult());
        Host = new HostMemoryActor("host", Mm, Kvm.MmuNotifier);
        Guest = new VcpuActor("vcpu0", Vcpu);
    }

    public NativeMachine Machine { get; } = new();

    public NativeCpu Cpu { get; }

    public HostMm Mm { get; }

    public Kvm Kvm { get; }

    public Vcpu Vcpu { get; }

    public HostMemoryActor Host { get; }

    public VcpuActor Guest { get; }

    public HostPte Pte(ulong page) => Mm.Peek(Hva.OfPage(page));

    public ulong Content(ulong page) => Mm.Memory.FrameAt(Pte(page).Pfn).Content.Peek;

    public LeafEntry Leaf(ulong gfn) => Kvm.PeekLeaf(new Gfn(gfn));

    public void Tell(Actor actor, Message message)
    {
        actor.Receive(Cpu, message).GetResult();
        Assert.Null(Machine.Violation);
        Assert.Equal(0, Cpu.Held.Count);
    }

    public void KnowsNo(Actor actor, Message message)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => actor.Receive(Cpu, message).GetResult());
        Assert.Contains(message.ToString(), e.Message, StringComparison.Ordinal);
    }
}
