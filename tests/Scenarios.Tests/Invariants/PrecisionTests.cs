using MmuStress.Actors;
using MmuStress.Mmu;
using static MmuStress.Scenarios.Tests.CheckedVm;

namespace MmuStress.Scenarios.Tests;

public sealed class PrecisionTests
{
    [Theory]
    [InlineData("loongarch-mended")]
    [InlineData("loongarch-v20")]
    public void Notification_OfOnePage_TouchesNoOther(string mmu)
    {
        CheckedVm vm = Notify(mmu, new AgesPages(2, 1, Flush: false), new AgesPages(2, 1, Flush: true), new TestsPage(2), new UnmapsPages(2, 1));
        vm.Holds();
    }

    [Fact]
    public void Age_OnePageTooMany_Violates() =>
        Notify("loongarch-v3", new AgesPages(2, 1, Flush: false)).Violates("Precision", $"gfn 3 is aged by a notification of {Page(2)}, which it is not in");

    [Fact]
    public void Unmap_OnePageTooMany_Violates() =>
        Notify("loongarch-v3", new UnmapsPages(2, 1)).Violates("Precision", $"gfn 3 is zapped by a notification of {Page(2)}, which it is not in");

    [Fact]
    public void Answer_WithoutAnAgedEntry_Violates()
    {
        var vm = new CheckedVm();
        var checker = new Precision(vm.Vm.AddHost("reclaim"));
        checker.AgeReturned(vm.Cpu, vm.Kvm, Page(2), young: false);
        checker.AgeReturned(vm.Cpu, vm.Kvm, new HvaRange(Page(2).Start, Page(2).Start + 1), young: true); // test_young changes nothing
        vm.Holds();
        checker.AgeReturned(vm.Cpu, vm.Kvm, Page(2), young: true);
        vm.Violates("Precision", $"{Page(2)} is said to be young, and no entry of it was");
    }

    private static CheckedVm Notify(string mmu, params Message[] messages)
    {
        var vm = new CheckedVm(mmu);
        for (ulong gfn = 1; gfn <= 4; gfn++)
        {
            vm.Vm.Touch(Gfn(gfn));
        }

        HostMemoryActor host = vm.Vm.AddHost("reclaim");
        vm.Kvm.Tracepoints = new Precision(host);
        foreach (Message message in messages)
        {
            host.Receive(vm.Cpu, message).GetResult();
        }

        return vm;
    }
}
