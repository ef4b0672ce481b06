using System.Diagnostics;
using System.Globalization;
using System.Threading;
using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <summary>
/// What notifications that hit no memslot cost a vCPU that faults: with today's notifier, which takes mmu_lock only where a memslot is hit, and with
/// that of April 2021 before this, which takes it twice for each.
/// </summary>
/// <remarks>
/// One thread faults on page after page whose entry is absent, and looks at the clock before and after each fault; another sends pairs of start and
/// end for a page in no memslot, so many a second. What is measured is the whole fault, retries included. Of a busy machine, only what happened while both
/// threads had a CPU counts: 64 faults in a row during which the other thread was seen to go on, and none of which took a tenth of a millisecond.
/// </remarks>
internal static class SpuriousNotifications
{
    private const int Pages = 512;
    private const int Batch = 64;
    private const int Repetitions = 5;
    private const int FewestTurns = 4;
    private const double LongestNanoseconds = 100_000;
    private const string Mmu = "loongarch-mended";

    private static readonly int[] Rates = [0, 1_000, 10_000, 100_000, 1_000_000, int.MaxValue];

    /// <summary>Measures each rate with both notifiers, in turns, and prints a table of medians.</summary>
    /// <param name="seconds">How long each measurement takes.</param>
    public static void Run(double seconds)
    {
        Console.WriteLine("| pairs/s asked for | pairs/s elided | pairs/s locked | mean elided | mean locked | locked/elided | p99.9 elided | p99.9 locked | retries/fault elided | retries/fault locked |");
        Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (int rate in Rates)
        {
            var elided = new List<Measurement>();
            var locked = new List<Measurement>();
            for (int i = 0; i < Repetitions; i++)
            {
                elided.Add(Measure(seconds, rate, null));
                locked.Add(Measure(seconds, rate, static kvm => new NotifierV2Patch7(kvm)));
            }

            Measurement with = Median(elided);
            Measurement without = Median(locked);
            string asked = rate == int.MaxValue ? "as many as go" : rate.ToString("N0", CultureInfo.InvariantCulture);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {asked} | {with.PairsPerSecond:N0} | {without.PairsPerSecond:N0} | {with.Mean:N0} ns | {without.Mean:N0} ns | {without.Mean / with.Mean:N2} | {with.Percentile999:N0} ns | {without.Percentile999:N0} ns | {with.Retries:N4} | {without.Retries:N4} |"));
        }
    }

    private static Measurement Measure(double seconds, int rate, Func<Kvm, KvmMmuNotifier>? notifier)
    {
        var machine = new NativeMachine();
        var parameters = new ScenarioParameters { Vcpus = 1, BytesPerVcpu = Pages * ScenarioParameters.PageSize };
        var vm = new Vm(new Stage(machine), parameters, Mmu, new VmOptions { SparePages = 1, Notifier = notifier });
        var retries = new RetryCounter();
        vm.Kvm.Tracepoints = retries;
        NativeCpu cpu = machine.AddCpu("vcpu0");
        NativeCpu host = machine.AddCpu("host");
        var storm = new Storm(vm, host, rate);
        var thread = new Thread(storm.Run);
        var latencies = new List<double>(1 << 20);
        double counted = 0;
        long pairs = 0;
        long retried = 0;
        thread.Start();
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            Zap(vm, cpu);
            for (ulong first = 0; first < Pages; first += Batch)
            {
                int count = latencies.Count;
                (long pairsBefore, long turnsBefore, long retriesBefore) = (storm.Pairs, storm.Turns, retries.Count);
                long batchBefore = Stopwatch.GetTimestamp();
                for (ulong i = 0; i < Batch; i++)
                {
                    long before = Stopwatch.GetTimestamp();
                    vm.Kvm.Arch.HandleMmFault(cpu, vm.Kvm.Vcpus[0], (vm.First + first + i).Gpa, write: false).GetResult();
                    latencies.Add(Stopwatch.GetElapsedTime(before).TotalNanoseconds);
                }

                double took = Stopwatch.GetElapsedTime(batchBefore).TotalSeconds;
                if (storm.Turns - turnsBefore < FewestTurns || latencies.FindIndex(count, latency => latency >= LongestNanoseconds) >= 0)
                {
                    latencies.RemoveRange(count, latencies.Count - count);
                    continue;
                }

                counted += took;
                pairs += storm.Pairs - pairsBefore;
                retried += retries.Count - retriesBefore;
            }
        }

        storm.Stop();
        thread.Join();
        latencies.Sort();
        return latencies.Count == 0 ? default
            : new Measurement(pairs / counted, latencies.Average(), latencies[(int)(latencies.Count * 0.999)], (double)retried / latencies.Count);
    }

    // Takes the entries away without a notification, so that the next faults are slow.
    private static void Zap(Vm vm, NativeCpu cpu)
    {
        Memslot slot = vm.Kvm.GfnToMemslot(cpu, vm.First).GetResult()!;
        cpu.Lock(vm.Kvm.MmuLock).GetResult();
        vm.Kvm.Arch.UnmapGfnRange(cpu, new KvmGfnRange(slot, vm.SlotAt(0))).GetResult();
        cpu.Unlock(vm.Kvm.MmuLock).GetResult();
    }

    private static Measurement Median(List<Measurement> measurements) => measurements.OrderBy(m => m.Mean).ElementAt(measurements.Count / 2);

    // Sends pairs evenly, so many a second, until it is told to stop.
    private sealed class Storm(Vm vm, NativeCpu host, int rate)
    {
        private long pairs;
        private long turns;
        private bool isDone;

        public long Pairs => Volatile.Read(ref pairs);

        // Goes up all the time, whether a pair is due or not.
        public long Turns => Volatile.Read(ref turns);

        public void Stop() => Volatile.Write(ref isDone, true);

        public void Run()
        {
            HvaRange elsewhere = HvaRange.OfPages(vm.First.Value + Pages, 1);
            KvmMmuNotifier notifier = vm.Kvm.MmuNotifier;
            Stopwatch watch = Stopwatch.StartNew();
            double next = 0;
            while (!Volatile.Read(ref isDone))
            {
                Volatile.Write(ref turns, turns + 1);
                double now = watch.Elapsed.TotalSeconds;
                if (rate != int.MaxValue)
                {
                    if (rate == 0 || now < next)
                    {
                        Thread.SpinWait(10);
                        continue;
                    }

                    next = Math.Max(next + (1.0 / rate), now - (1.0 / rate)); // what was missed without a CPU is not made up for
                }

                notifier.InvalidateRangeStart(host, elsewhere, mayBlock: true).GetResult();
                notifier.InvalidateRangeEnd(host, elsewhere, mayBlock: true).GetResult();
                Volatile.Write(ref pairs, pairs + 1);
            }
        }
    }

    // Only the faulting thread calls it.
    private sealed class RetryCounter : IMmuTracepoints
    {
        public long Count { get; private set; }

        public void FaultRetried(Cpu cpu, Kvm kvm) => Count++;
    }

    private readonly record struct Measurement(double PairsPerSecond, double Mean, double Percentile999, double Retries);
}
