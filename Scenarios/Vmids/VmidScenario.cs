using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Physical CPUs run vCPUs of several VMs in turn, with VMIDs of two bits.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="past">Which VMs' vCPUs ran before, in this order; some of the VMs are gone by now.</param>
/// <param name="runs">Which VM's vCPU each physical CPU runs, one after the other; VMs count from 0.</param>
/// <param name="scheme">How VMs get their VMIDs, for a machine, its hardware and the parameters.</param>
internal sealed class VmidScenario(
    string name,
    string summary,
    int[] past,
    int[][] runs,
    Func<Multiprocessor, VmidHost, ScenarioParameters, VmidScheme> scheme) : Scenario
{
    /// <summary>What can be left out of some: smp_wmb() between the VTTBR and its generation.</summary>
    public const string Wmb = "wmb";

    /// <summary>How many VMs there are at most, those that are gone by now counted in.</summary>
    public const int Vms = 6;

    private readonly Message[][] scripts = runs.Select(vms => vms.Select(vm => (Message)new RunsVcpuOf(vm)).ToArray()).ToArray();

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Summary => summary;

    /// <inheritdoc/>
    public override bool HasMmu => false;

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Notifiers = 0 };

    /// <inheritdoc/>
    public override IReadOnlyList<Expectation> Expectations => [Expected];

    /// <summary>What is expected of it.</summary>
    public Expectation Expected { get; init; } = Expectation.Held("");

    /// <summary>Whether smp_wmb() can be left out.</summary>
    public bool HasWmb { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> CanLeaveOut => HasWmb ? [Wmb] : [];

    /// <inheritdoc/>
    public override void Build(Stage stage, ScenarioParameters parameters, string mmu)
    {
        var host = new VmidHost(stage.Machine, scripts.Length);
        VmidScheme vmids = scheme(stage.Machine, host, parameters);
        foreach (int vm in past)
        {
            vmids.RunVcpu(stage.Machine.SetupCpu, 0, vm).GetResult();
        }

        for (int i = 0; i < scripts.Length; i++)
        {
            stage.Add(new Processor(i, vmids), scripts[i]);
        }
    }

    private sealed class Processor(int id, VmidScheme vmids) : Actor(NameOf(id))
    {
        public override Coroutine Receive(Cpu cpu, Message message) => vmids.RunVcpu(cpu, id, ((RunsVcpuOf)message).Vm);

        private static string NameOf(int id) => id == 0 ? "cpu0" : "cpu1";
    }
}
