using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>A native machine with one CPU and one address space, whose notifier records.</summary>
internal sealed class HostFixture
{
    public HostFixture(int pages = 8, HostMmParameters? parameters = null)
    {
        Cpu = Machine.AddCpu("host");
        Mm = new HostMm(Machine, pages, parameters);
        Notifier = new RecordingNotifier(Mm);
        Mm.RegisterNotifier(Notifier);
    }

    public NativeMachine Machine { get; } = new();

    public NativeCpu Cpu { get; }

    public HostMm Mm { get; }

    public RecordingNotifier Notifier { get; }

    public ulong? Read(ulong page) => Mm.HostRead(Cpu, Hva.OfPage(page)).GetResult();

    public void Write(ulong page, ulong value) => Assert.True(Mm.HostWrite(Cpu, Hva.OfPage(page), value).GetResult());

    public UserPage Gup(ulong page, bool write) => Mm.GetUserPage(Cpu, Hva.OfPage(page), write).GetResult();

    public bool Put(Frame frame) => Mm.Memory.Put(Cpu, frame).GetResult();

    public HostPte Pte(ulong page) => Mm.Peek(Hva.OfPage(page));

    /// <summary>Nothing was violated and nothing is held.</summary>
    public void AssertClean()
    {
        Assert.Null(Machine.Violation);
        Assert.Equal(0, Cpu.Held.Count);
        Assert.False(Cpu.Held.IsAtomic);
    }
}
