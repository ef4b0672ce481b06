using System.Globalization;
using Microsoft.Coyote.Random;
using Microsoft.Coyote.Specifications;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts;

/// <summary>The machine under Coyote: one for each of its iterations. What does not hold becomes a bug of Coyote's at once, with the property's name first.</summary>
/// <remarks>Not used again in another iteration: threads of an iteration that has ended with a bug may still be winding down.</remarks>
public sealed class CoyoteMachine : Multiprocessor
{
    /// <summary>After how many steps in which nobody got anything done a run is a livelock; below Coyote's default bound for fair strategies, which ends an iteration silently.</summary>
    public const int LivelockAfterSteps = 50_000;

    private readonly List<CoyoteCpu> cpus = [];
    private readonly Generator chance = Generator.Create();
    private int steps;

    /// <summary>A machine without CPUs.</summary>
    /// <param name="wordsPerPage">How many 64-bit words a page has.</param>
    public CoyoteMachine(int wordsPerPage = 512)
        : base(recycleMemory: true, wordsPerPage)
    {
    }

    /// <inheritdoc/>
    public override int SrcuShards => 1;

    /// <summary>What is ordered before what in this iteration.</summary>
    internal HappensBefore Order { get; } = new();

    /// <summary>Whether nobody is left to send messages, so that those who wait for one are to end.</summary>
    internal bool IsOver { get; set; }

    /// <summary>One more CPU. Only before any of them runs.</summary>
    /// <param name="name">What people call it.</param>
    /// <returns>The CPU.</returns>
    public CoyoteCpu AddCpu(string name)
    {
        var cpu = new CoyoteCpu(this, cpus.Count, name, chance);
        cpus.Add(cpu);
        Order.Begin(cpus.Count);
        return cpu;
    }

    /// <inheritdoc/>
    public override void MadeProgress() => steps = 0;

    internal string NameOf(int cpu) => cpus[cpu].Name;

    internal void CountStep()
    {
        if (++steps == LivelockAfterSteps)
        {
            Report(new Violation(MachineInvariants.NoLivelock, string.Create(CultureInfo.InvariantCulture, $"nobody got anything done in {LivelockAfterSteps} steps")), null);
        }
    }

    internal void ReportLeaks() => CheckLeaks();

    /// <inheritdoc/>
    protected override void OnViolation(Violation violation, Cpu? cpu) =>
        Specification.Assert(false, "{0}: {1}", violation.Invariant, violation.Message);
}
