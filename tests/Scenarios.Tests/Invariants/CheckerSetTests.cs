using MmuStress.Machine;
using MmuStress.Mmu;
using static MmuStress.Scenarios.Tests.CheckedVm;

namespace MmuStress.Scenarios.Tests;

public sealed class CheckerSetTests
{
    [Fact]
    public void Set_TellsEveryChecker()
    {
        var vm = new CheckedVm();
        var first = new Listener();
        var second = new Listener();
        IMmuTracepoints set = new CheckerSet(first, second);
        set.SetPte(vm.Cpu, vm.Kvm, Gfn(1), default, default);
        set.TableFreed(vm.Cpu, vm.Kvm, vm.Kvm.Arch.Roots[0]);
        set.MmuLockElided(vm.Cpu, vm.Kvm, Page(1));
        set.InvalidateRangeStartReturned(vm.Cpu, vm.Kvm, Page(1));
        set.InvalidateRangeEndReturned(vm.Cpu, vm.Kvm, Page(1));
        set.AgeReturned(vm.Cpu, vm.Kvm, Page(1), young: true);
        set.TlbFilled(vm.Cpu, vm.Vcpu, Gfn(1), default);
        set.TlbDenied(vm.Cpu, vm.Vcpu, Gfn(1), write: true);
        set.GuestLoaded(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 1);
        set.GuestStored(vm.Cpu, vm.Vcpu, Gfn(1), vm.Frame(1), 1);
        set.FaultHandled(vm.Cpu, vm.Vcpu, Gfn(1).Gpa, write: true, 0);
        set.FaultRetried(vm.Cpu, vm.Kvm);
        set.FaultFixedFast(vm.Cpu, vm.Vcpu, Gfn(1));
        set.PfnCacheUsed(vm.Cpu, vm.Kvm, Gfn(1), vm.Frame(1), 1);
        set.DirtyRingReset(vm.Cpu, vm.Kvm, vm.Kvm.PeekMemslot(Gfn(1))!, 0, 1);
        set.PageDirtied(vm.Cpu, vm.Kvm, Gfn(1));
        set.RemoteTlbsFlushRequested(vm.Cpu, vm.Kvm);
        set.RemoteTlbsFlushDone(vm.Cpu, vm.Kvm);
        set.RemoteTlbsFlushed(vm.Cpu, vm.Kvm);
        set.DirtyLogRead(vm.Cpu, vm.Kvm, vm.Kvm.PeekMemslot(Gfn(1))!, [], cleared: true);
        set.MemslotCommitted(vm.Cpu, vm.Kvm, MemslotChange.Create, null, null);
        ((CheckerSet)set).AtEnd(vm.Kvm);
        List<string> told = typeof(Checker).GetMethods().Where(m => m.IsVirtual && m.DeclaringType == typeof(Checker)).Select(m => m.Name).ToList();
        Assert.Equal(told.Order(StringComparer.Ordinal), first.Heard.Order(StringComparer.Ordinal));
        Assert.Equal(first.Heard, second.Heard);
    }

    private sealed class Listener : Checker
    {
        public List<string> Heard { get; } = [];

        public override void TableFreed(Cpu cpu, Kvm kvm, Page table) => Heard.Add(nameof(TableFreed));

        public override void SetPte(Cpu cpu, Kvm kvm, Gfn gfn, LeafEntry oldPte, LeafEntry newPte) => Heard.Add(nameof(SetPte));

        public override void MmuLockElided(Cpu cpu, Kvm kvm, HvaRange range) => Heard.Add(nameof(MmuLockElided));

        public override void InvalidateRangeStartReturned(Cpu cpu, Kvm kvm, HvaRange range) => Heard.Add(nameof(InvalidateRangeStartReturned));

        public override void InvalidateRangeEndReturned(Cpu cpu, Kvm kvm, HvaRange range) => Heard.Add(nameof(InvalidateRangeEndReturned));

        public override void AgeReturned(Cpu cpu, Kvm kvm, HvaRange range, bool young) => Heard.Add(nameof(AgeReturned));

        public override void TlbFilled(Cpu cpu, Vcpu vcpu, Gfn gfn, LeafEntry entry) => Heard.Add(nameof(TlbFilled));

        public override void TlbDenied(Cpu cpu, Vcpu vcpu, Gfn gfn, bool write) => Heard.Add(nameof(TlbDenied));

        public override void GuestLoaded(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value) => Heard.Add(nameof(GuestLoaded));

        public override void GuestStored(Cpu cpu, Vcpu vcpu, Gfn gfn, Frame frame, ulong value) => Heard.Add(nameof(GuestStored));

        public override void FaultHandled(Cpu cpu, Vcpu vcpu, Gpa gpa, bool write, int result) => Heard.Add(nameof(FaultHandled));

        public override void FaultRetried(Cpu cpu, Kvm kvm) => Heard.Add(nameof(FaultRetried));

        public override void FaultFixedFast(Cpu cpu, Vcpu vcpu, Gfn gfn) => Heard.Add(nameof(FaultFixedFast));

        public override void PageDirtied(Cpu cpu, Kvm kvm, Gfn gfn) => Heard.Add(nameof(PageDirtied));

        public override void RemoteTlbsFlushRequested(Cpu cpu, Kvm kvm) => Heard.Add(nameof(RemoteTlbsFlushRequested));

        public override void RemoteTlbsFlushDone(Cpu cpu, Kvm kvm) => Heard.Add(nameof(RemoteTlbsFlushDone));

        public override void RemoteTlbsFlushed(Cpu cpu, Kvm kvm) => Heard.Add(nameof(RemoteTlbsFlushed));

        public override void PfnCacheUsed(Cpu cpu, Kvm kvm, Gfn gfn, Frame frame, ulong value) => Heard.Add(nameof(PfnCacheUsed));

        public override void DirtyRingReset(Cpu cpu, Kvm kvm, Memslot slot, ulong offset, ulong mask) => Heard.Add(nameof(DirtyRingReset));

        public override void DirtyLogRead(Cpu cpu, Kvm kvm, Memslot slot, ReadOnlySpan<ulong> bitmap, bool cleared) => Heard.Add(nameof(DirtyLogRead));

        public override void MemslotCommitted(Cpu cpu, Kvm kvm, MemslotChange change, Memslot? old, Memslot? @new) => Heard.Add(nameof(MemslotCommitted));

        public override void AtEnd(Kvm kvm) => Heard.Add(nameof(AtEnd));
    }
}
