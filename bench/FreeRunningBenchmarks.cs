using System.Threading;
using BenchmarkDotNet.Attributes;
using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <summary>How many faults a second one thread handles on real memory.</summary>
[MemoryDiagnoser]
public class FreeRunningBenchmarks
{
    private const int FastFaults = 1_000_000;
    private const int SlowFaults = 100_000;

    private Vm vm = null!;
    private Vcpu vcpu = null!;
    private NativeCpu cpu = null!;
    private NativeCpu hostCpu = null!;

    /// <summary>The MMU.</summary>
    [Params("loongarch-v3", "loongarch-v20", "loongarch", "loongarch-mended")]
    public string Mmu { get; set; } = "";

    [GlobalSetup]
    public void SetUp()
    {
        var machine = new NativeMachine();
        vm = new Vm(new Stage(machine), new ScenarioParameters { Vcpus = 1, BytesPerVcpu = 4 * ScenarioParameters.PageSize }, Mmu, new VmOptions());
        vcpu = vm.Kvm.Vcpus[0];
        cpu = machine.AddCpu("vcpu0");
        hostCpu = machine.AddCpu("host");
        vm.Touch(vm.First);
    }

    /// <summary>The entry is present and young: kvm_map_page_fast() finds nothing to do.</summary>
    [Benchmark(OperationsPerInvoke = FastFaults)]
    public int FastPath()
    {
        int result = 0;
        Gpa gpa = vm.First.Gpa;
        for (int i = 0; i < FastFaults; i++)
        {
            result |= vm.Kvm.Arch.HandleMmFault(cpu, vcpu, gpa, write: false).GetResult();
        }

        return result;
    }

    /// <summary>The host drops the page before every fault, on the same thread.</summary>
    [Benchmark(OperationsPerInvoke = SlowFaults)]
    public int SlowPathAfterUnmap()
    {
        int result = 0;
        Gpa gpa = vm.First.Gpa;
        for (int i = 0; i < SlowFaults; i++)
        {
            vm.Mm.Unmap(cpu, HvaRange.OfPages(vm.First.Value, 1)).GetResult();
            result |= vm.Kvm.Arch.HandleMmFault(cpu, vcpu, gpa, write: false).GetResult();
        }

        return result;
    }

    /// <summary>Another thread drops the pages in turn all the time.</summary>
    [Benchmark(OperationsPerInvoke = SlowFaults)]
    public int WithNotifierRunning()
    {
        bool isDone = false;
        var notifier = new Thread(() =>
        {
            for (ulong i = 0; !Volatile.Read(ref isDone); i++)
            {
                vm.Mm.Unmap(hostCpu, HvaRange.OfPages(vm.First.Value + (i % 4), 1)).GetResult();
            }
        });
        notifier.Start();
        int result = 0;
        for (int i = 0; i < SlowFaults; i++)
        {
            result |= vm.Kvm.Arch.HandleMmFault(cpu, vcpu, (vm.First + (ulong)(i % 4)).Gpa, write: false).GetResult();
        }

        Volatile.Write(ref isDone, true);
        notifier.Join();
        return result;
    }
}
