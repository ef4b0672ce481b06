using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>A VM of 64 guest frames (three levels of four) on one native CPU, whose host pages 0 to 31 are mapped writable.</summary>
internal sealed class TestVm
{
    public const int HostPages = 32;

    public TestVm(MmuArchitecture architecture, KvmParameters? parameters = null, Func<Kvm, KvmMmuNotifier>? notifier = null)
    {
        parameters ??= new KvmParameters { Levels = 3, EntriesPerTable = 4 };
        Machine = new NativeMachine(srcuShards: 1, wordsPerPage: Math.Max(4, parameters.Stage2 is { } shape ? 1 << shape.Stride : parameters.EntriesPerTable));
        Cpu = Machine.AddCpu("cpu0");
        Mm = new HostMm(Machine, HostPages);
        for (ulong page = 0; page < HostPages; page++)
        {
            Mm.Populate(Hva.OfPage(page), page);
        }

        Kvm = new Kvm(Machine, Mm, parameters, architecture, notifier: notifier) { Tracepoints = Seen };
        Vcpu = Kvm.CreateVcpu();
    }

    public NativeMachine Machine { get; }

    public NativeCpu Cpu { get; }

    public HostMm Mm { get; }

    public Kvm Kvm { get; }

    public Vcpu Vcpu { get; }

    public Recorder Seen { get; } = new();

    public KvmMmuNotifier Notifier => Kvm.MmuNotifier;

    public int Set(UserspaceMemoryRegion region) => Kvm.SetMemoryRegion(Cpu, region).GetResult();

    public int Set(int slot, ulong gfn, ulong pageCount, ulong hvaPage, MemslotFlags flags = MemslotFlags.None) =>
        Set(UserspaceMemoryRegion.OfPages(slot, gfn, pageCount, hvaPage, flags));

    public int Delete(int slot) => Set(UserspaceMemoryRegion.Deletion(slot));

    public int Fault(ulong gfn, bool write = false) => Kvm.Arch.HandleMmFault(Cpu, Vcpu, new Gfn(gfn).Gpa, write).GetResult();

    /// <summary>The stage-2 entry of a frame, read by nobody.</summary>
    public LeafEntry Pte(ulong gfn)
    {
        IPageTableFormat format = Kvm.Arch;
        Page table = format.RootFor(new Gfn(gfn));
        for (int level = format.Geometry.RootLevel; level > 0; level--)
        {
            if (!format.TryDecodeTable(table[format.Geometry.IndexOf(new Gfn(gfn), level)].Peek, level, out ulong frame))
            {
                return default;
            }

            table = Machine.Memory.PageAt(frame)!;
        }

        return format.DecodeLeaf(table[format.Geometry.IndexOf(new Gfn(gfn), 0)].Peek, 0, new Gfn(gfn));
    }

    public Pfn HostPfn(ulong page) => Mm.Peek(Hva.OfPage(page)).Pfn;

    public void Start(ulong firstPage, ulong count = 1) =>
        Notifier.InvalidateRangeStart(Cpu, HvaRange.OfPages(firstPage, count), mayBlock: true).GetResult();

    public void End(ulong firstPage, ulong count = 1) => Notifier.InvalidateRangeEnd(Cpu, HvaRange.OfPages(firstPage, count)).GetResult();

    public void Invalidate(ulong firstPage, ulong count = 1)
    {
        Start(firstPage, count);
        End(firstPage, count);
    }

    public bool ClearYoung(ulong firstPage, ulong count = 1) => Notifier.ClearYoung(Cpu, HvaRange.OfPages(firstPage, count)).GetResult();

    public Memslot Slot(ulong gfn) => Kvm.GfnToMemslot(Cpu, new Gfn(gfn)).GetResult()!;

    public ulong[] GetDirtyLog(int slot = 0)
    {
        ulong[] bitmap = new ulong[1];
        Assert.Equal(0, Kvm.GetDirtyLog(Cpu, slot, bitmap).GetResult());
        return bitmap;
    }

    public void WithMmuLock(Action action)
    {
        Cpu.Lock(Kvm.MmuLock).GetResult();
        action();
        Cpu.Unlock(Kvm.MmuLock).GetResult();
    }

    /// <summary>Destroys the VM and states that nothing is left of it and nothing was wrong.</summary>
    public void AssertDestroysCleanly()
    {
        Kvm.Destroy(Cpu).GetResult();
        Assert.Null(Machine.Violation);
        Assert.Equal(0, Machine.Memory.AllocatedPages);
        Assert.Equal(0, Cpu.Held.Count);
    }
}
