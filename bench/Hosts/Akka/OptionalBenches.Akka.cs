using System.Globalization;
using MmuStress.Actors;
using MmuStress.Hosts;
using MmuStress.Hosts.Akka;
using MmuStress.Machine;
using MmuStress.Scenarios;

namespace MmuStress.Bench;

/// <content><c>soak-hosts [SECONDS]</c>: the free host against the Akka.NET host, in turns.</content>
internal static partial class OptionalBenches
{
    private const int Turns = 5;
    private const double DefaultSeconds = 2;

    static partial void RunAkka(string[] args, ref int? exitCode)
    {
        if (args is ["soak-hosts", .. string[] rest])
        {
            TimeSpan time = TimeSpan.FromSeconds(rest is [string seconds] ? double.Parse(seconds, CultureInfo.InvariantCulture) : DefaultSeconds);
            Console.WriteLine("medians of five, in turns         free messages/s   akka messages/s   free/akka   free faults/s   akka faults/s");
            Compare("empty messages, 4 actors", Empty, time);
            ScenarioRun run = new(ScenarioCatalog.Find("fault-vs-invalidate")!, new ScenarioParameters { Vcpus = 4, Notifiers = 1 }, "loongarch-mended");
            Compare("fault-vs-invalidate -v 4 -n 1", run.Build, time);
            ScenarioRun mixed = new(ScenarioCatalog.Find("mixed")!, ScenarioCatalog.Find("mixed")!.Defaults with { Vcpus = 4 }, "loongarch-mended");
            Compare("mixed -v 4", mixed.Build, time);
            exitCode = 0;
        }
    }

    private static void Compare(string name, Action<Stage> build, TimeSpan time)
    {
        List<(double Messages, double Faults)> free = [];
        List<(double Messages, double Faults)> akka = [];
        for (int i = 0; i <= Turns; i++)
        {
            (double, double) freeRate = RateOf(new FreeHost(build, seed: (ulong)i), time);
            (double, double) akkaRate = RateOf(new AkkaSoak(new VmPlan(build, (ulong)i, long.MaxValue), 1, AkkaSettings.Defaults), time);
            if (i > 0) // the first turn warms up
            {
                free.Add(freeRate);
                akka.Add(akkaRate);
            }
        }

        double f = Median(free.ConvertAll(r => r.Messages));
        double a = Median(akka.ConvertAll(r => r.Messages));
        string line = $"{name,-32}{f,17:N0}{a,18:N0}{f / a,12:N2}{Median(free.ConvertAll(r => r.Faults)),16:N0}{Median(akka.ConvertAll(r => r.Faults)),16:N0}";
        Console.WriteLine(FormattableString.Invariant($"{line}"));
    }

    private static (double Messages, double Faults) RateOf(ISoak soak, TimeSpan time)
    {
        SoakProgress result = soak.RunAsync(time).GetAwaiter().GetResult();
        double seconds = result.Elapsed.TotalSeconds;
        long faults = result.Counters.Where(c => string.Equals(c.Key, "faults", StringComparison.Ordinal)).Sum(c => c.Value);
        return result.Violation is null ? (result.Messages / seconds, faults / seconds) : throw new InvalidOperationException(result.Violation.Message);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static void Empty(Stage stage)
    {
        for (int i = 0; i < 4; i++)
        {
            stage.Add(new Idler($"idler{i}"), new Nothing());
        }
    }

    private sealed record Nothing : Message;

    private sealed class Idler(string name) : Actor(name)
    {
        public override Coroutine Receive(Cpu cpu, Message message) => Coroutine.Completed;
    }
}
