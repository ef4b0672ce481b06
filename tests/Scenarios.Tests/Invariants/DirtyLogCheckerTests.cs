using MmuStress.Mmu;
using static MmuStress.Scenarios.Tests.CheckedVm;

namespace MmuStress.Scenarios.Tests;

/// <summary>DirtyLogComplete and its strict form.</summary>
public sealed class DirtyLogCheckerTests
{
    private static readonly GfnRange Slot = new(Gfn(1), Gfn(5));
    private static readonly ulong[] Nothing = [0];
    private static readonly ulong[] Second = [0b10];

    private readonly CheckedVm vm = new(options: new VmOptions { Flags = MemslotFlags.LogDirtyPages });

    [Fact]
    public void Complete_WriteInAHarvest_Holds()
    {
        var checker = new DirtyLogComplete();
        Store(checker, 2);
        Harvest(checker, Nothing); // not yet
        Harvest(checker, Second);
        checker.AtEnd(vm.Kvm);
        vm.Holds();
    }

    [Fact]
    public void Complete_WriteInNoHarvest_Violates()
    {
        var checker = new DirtyLogComplete();
        Store(checker, 2);
        Store(checker, 3);
        Harvest(checker, Second);
        checker.AtEnd(vm.Kvm);
        vm.Violates("DirtyLogComplete", "gfn 3 was written and is in no harvest, the last one after every vCPU had stopped");
    }

    [Fact]
    public void Complete_WriteAfterItsHarvest_MustBeInAnother()
    {
        var checker = new DirtyLogComplete();
        Store(checker, 2);
        Harvest(checker, Second);
        Store(checker, 2);
        checker.AtEnd(vm.Kvm);
        Assert.Equal("DirtyLogComplete", vm.Stage.Machine.Violation?.Invariant);
    }

    [Fact]
    public void Complete_LoggingOff_IsNotLookedAt()
    {
        var checker = new DirtyLogComplete();
        Store(checker, 2);
        vm.Kvm.Tracepoints = checker;
        vm.Set(vm.Vm.RegionOf(0, MemslotFlags.None));
        Store(checker, 3);
        checker.AtEnd(vm.Kvm);
        vm.Holds();
        vm.Set(vm.Vm.RegionOf(0));
        Store(checker, 4);
        checker.AtEnd(vm.Kvm);
        Assert.Equal("DirtyLogComplete", vm.Stage.Machine.Violation?.Invariant);
    }

    [Fact]
    public void Strict_WriteBeforeTheHarvestBegan_MustBeInIt()
    {
        var checker = new DirtyLogCompleteStrict();
        checker.HarvestBegins(Slot);
        Store(checker, 2); // while it is under way
        checker.HarvestEnds(vm.Cpu, Slot, Nothing);
        vm.Holds();
        checker.HarvestBegins(Slot);
        checker.HarvestEnds(vm.Cpu, Slot, Nothing);
        vm.Violates("DirtyLogCompleteStrict", "gfn 2 was written before the harvest began and is not in it");
    }

    [Fact]
    public void Strict_AnotherMemslotsHarvest_IsNotMeant()
    {
        var checker = new DirtyLogCompleteStrict();
        Store(checker, 2);
        Harvest(checker, Nothing, new GfnRange(Gfn(3), Gfn(5)));
        Harvest(checker, Second, Slot);
        checker.AtEnd(vm.Kvm);
        vm.Holds();
    }

    private void Store(DirtyLogComplete checker, ulong gfn) => checker.GuestStored(vm.Cpu, vm.Vcpu, Gfn(gfn), vm.Frame(gfn), 1);

    private void Harvest(DirtyLogComplete checker, ulong[] bitmap) => Harvest(checker, bitmap, Slot);

    private void Harvest(DirtyLogComplete checker, ulong[] bitmap, GfnRange slot)
    {
        checker.HarvestBegins(slot);
        checker.HarvestEnds(vm.Cpu, slot, bitmap);
    }
}
