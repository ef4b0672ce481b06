using System.Runtime.CompilerServices;

namespace MmuStress.Mmu;

/// <content>On which physical CPU the vCPU's thread is, and moving it.</content>
public sealed partial class Vcpu
{
    private const ulong Pinned = 1;
    private const int PlacementShift = 1;

    /// <summary>task_cpu() of its thread and, in bit 0, whether it has preemption off.</summary>
    private Word Placement => block[PlacementField];

    /// <summary>Moves its thread to another physical CPU, if that is free and the thread can be preempted now; called by others.</summary>
    /// <remarks>Mirrors: the scheduler's load balancing: move_queued_task(), set_task_cpu(), kernel/sched/core.c.</remarks>
    /// <param name="target">Where to.</param>
    /// <returns>Whether it was moved.</returns>
    public async Coroutine<bool> TryMigrate(Cpu cpu, HostCpu target)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(MayMigrate, false);
        ulong now = await cpu.ReadOnce(Placement);
        HostCpu source = Kvm.HostCpus[(int)(now >> PlacementShift)];
        if ((now & Pinned) != 0 || ReferenceEquals(source, target))
        {
            return false;
        }

        if (!target.IsShared && await cpu.CmpXchg(target.Occupant, 0, (ulong)Id + 1) != 0)
        {
            return false;
        }

        bool isMoved = await cpu.CmpXchg(Placement, now, (ulong)target.Id << PlacementShift) == now;
        HostCpu left = isMoved ? source : target;
        if (!left.IsShared)
        {
            await cpu.StoreRelease(left.Occupant, 0);
        }

        if (isMoved)
        {
            cpu.Log($"{this} migrates from {source} to {target}");
        }

        return isMoved;
    }

    /// <summary>preempt_disable where it matters: no step where the thread can neither be moved nor meet another.</summary>
    internal Coroutine DisablePreemptionIfNeeded(Cpu cpu) => MayMigrate || hostCpu.IsShared ? DisablePreemption(cpu) : Coroutine.Completed;

    /// <summary>preempt_enable where it matters.</summary>
    internal Coroutine EnablePreemptionIfNeeded(Cpu cpu) => MayMigrate || hostCpu.IsShared ? EnablePreemption(cpu) : Coroutine.Completed;

    /// <summary>preempt_disable: from now on the thread stays where it is, alone.</summary>
    internal async Coroutine DisablePreemption(Cpu cpu, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (MayMigrate)
        {
            ulong placement = await cpu.FetchOr(Placement, Pinned, file, line);
            hostCpu = Kvm.HostCpus[(int)(placement >> PlacementShift)];
        }

        if (hostCpu.RunQueueLock is { } runQueueLock)
        {
            await cpu.Lock(runQueueLock, file, line);
        }
    }

    /// <summary>preempt_enable.</summary>
    internal async Coroutine EnablePreemption(Cpu cpu, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (hostCpu.RunQueueLock is { } runQueueLock)
        {
            await cpu.Unlock(runQueueLock, file, line);
        }

        if (MayMigrate)
        {
            await cpu.FetchAndNot(Placement, Pinned, file, line);
        }
    }
}
