using System.Threading;
using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Hosts.Akka;

/// <summary>A VM's stage on real memory: its machine, its behaviours with their CPUs, and what is counted. All of it is in one process.</summary>
internal sealed class VirtualMachine
{
    private readonly Stage stage;
    private readonly NativeCpu endCpu;
    private long sent;

    /// <summary>A VM that has not begun.</summary>
    /// <param name="plan">What it runs.</param>
    /// <param name="number">Its number, from 0.</param>
    public VirtualMachine(VmPlan plan, int number)
    {
        Machine = new NativeMachine(srcuShards: 64, wordsPerPage: 512, plan.Seed + (ulong)number);
        stage = new Stage(Machine);
        plan.Build(stage);
        Seats = stage.Parts.Select(part => new FreeSeat(this, part, Machine.AddCpu(part.Actor.Name), plan.Rounds)).ToList();
        endCpu = Machine.AddCpu("end");
    }

    /// <summary>The machine.</summary>
    public NativeMachine Machine { get; }

    /// <summary>The behaviours.</summary>
    public IReadOnlyList<FreeSeat> Seats { get; }

    /// <summary>Whether no message that was sent is still to be handled.</summary>
    public bool IsQuiet => Interlocked.Read(ref sent) == 0;

    /// <summary>Called when the last message that was sent has been handled; may be called on any thread.</summary>
    public Action? Quiet { get; set; }

    /// <summary>What is counted; may be asked at any time.</summary>
    public VmTally Tally => new(
        Seats.Sum(s => s.Messages),
        Seats.Sum(s => s.Cpu.Accesses) + endCpu.Accesses,
        stage.Counters.Select(c => c.Name).ToList(),
        stage.Counters.Select(c => c.Read()).ToList());

    /// <summary>Notes that a message was sent.</summary>
    public void OnSent() => Interlocked.Increment(ref sent);

    /// <summary>Notes that a message that was sent has been handled.</summary>
    public void OnSentHandled()
    {
        if (Interlocked.Decrement(ref sent) == 0)
        {
            Quiet?.Invoke();
        }
    }

    /// <summary>Runs what comes after the actors: tearing down, and the checks of the end.</summary>
    public void RunEpilogue()
    {
        try
        {
            stage.Epilogue?.Invoke(endCpu).GetResult();
            foreach (Action check in stage.EndChecks)
            {
                check();
            }
        }
        catch (Exception e)
        {
            endCpu.Fail(MachineInvariants.NoException, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
