using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios.Tests;

/// <summary>A VM of four pages from gfn 1 on, on an explored machine that does not run: everything happens at once, on the set-up CPU.</summary>
internal sealed class CheckedVm
{
    public CheckedVm(string mmu = "loongarch-mended", VmOptions? options = null, int slots = 1)
    {
        Stage = new Stage(new ExploredMachine());
        var parameters = new ScenarioParameters { BytesPerVcpu = 4 * ScenarioParameters.PageSize, Slots = slots };
        Vm = new Vm(Stage, parameters, mmu, options ?? new VmOptions { SparePages = 2 });
    }

    public Stage Stage { get; }

    public Vm Vm { get; }

    public Kvm Kvm => Vm.Kvm;

    public Vcpu Vcpu => Kvm.Vcpus[0];

    public Cpu Cpu => Stage.Machine.SetupCpu;

    public static Gfn Gfn(ulong number) => new(number);

    public static HvaRange Page(ulong number) => HvaRange.OfPages(number, 1);

    public HostPte Host(ulong page) => Vm.Mm.Peek(Hva.OfPage(page));

    public Frame Frame(ulong page) => Vm.Mm.Memory.FrameAt(Host(page).Pfn);

    public LeafEntry Entry(ulong page, bool writable = false) => new(Present: true, Young: true, writable, Dirty: writable, Host(page).Pfn);

    /// <summary>The word of a frame's stage-2 entry, where a table leads to it.</summary>
    public ref ulong Leaf(ulong gfn)
    {
        Page table = Kvm.Arch.Roots[0];
        for (int level = Kvm.Arch.Geometry.RootLevel; level > 0; level--)
        {
            Assert.True(Kvm.Arch.TryDecodeTable(table.Words[Kvm.Arch.Geometry.IndexOf(Gfn(gfn), level)], level, out ulong frame));
            table = Kvm.Machine.Memory.PageAt(frame)!;
        }

        return ref table.Words[Kvm.Arch.Geometry.IndexOf(Gfn(gfn), 0)];
    }

    public void Set(UserspaceMemoryRegion region) => Assert.Equal(0, Kvm.SetMemoryRegion(Cpu, region).GetResult());

    public void Start(ulong page) => Kvm.MmuNotifier.InvalidateRangeStart(Cpu, Page(page), mayBlock: true).GetResult();

    public void End(ulong page) => Kvm.MmuNotifier.InvalidateRangeEnd(Cpu, Page(page)).GetResult();

    public void Holds() => Assert.Null(Stage.Machine.Violation);

    public void Violates(string invariant, string message)
    {
        Violation? violation = Stage.Machine.Violation;
        Assert.Equal((invariant, message), (violation?.Invariant, violation?.Message));
    }
}
