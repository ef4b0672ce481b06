using MmuStress.Machine;

namespace MmuStress.Actors;

/// <summary>The thread of user space that reaps the dirty rings from time to time.</summary>
/// <param name="name">What people call it.</param>
/// <param name="reaper">What it does.</param>
public sealed class DirtyRingActor(string name, DirtyRingReaper reaper) : Actor(name)
{
    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        switch (message)
        {
            case ReapsDirtyRings:
                await reaper.Reap(cpu);
                break;
            case CollectsDirtyRings collect:
                if (collect.Waits)
                {
                    await reaper.WaitForEntry(cpu);
                }

                await reaper.Collect(cpu);
                break;
            case ResetsDirtyRings:
                await reaper.Reset(cpu);
                break;
            default:
                throw new ArgumentException($"the reader of the dirty rings knows no {message}", nameof(message));
        }
    }
}
