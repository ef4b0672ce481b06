using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts.Coyote.Tests;

/// <summary>Each operation returns, and leaves in memory, what it does under our own explorer.</summary>
public sealed class CoyoteCpuTests
{
    private static readonly LockClass MmuLock = new("mmu_lock", maySleep: false);
    private static readonly LockClass MmapLock = new("mmap_lock", maySleep: true);

    [Fact]
    public void Operations_ReturnAndLeaveWhatTheyDoWhenExplored()
    {
        List<ulong> underCoyote = [];
        List<ulong> explored = [];

        Assert.Null(Coyotes.Explore(stage => Build(stage, underCoyote), 1).Bug);
        ExplorationResult result = new Exploration(() => new ExploredHost(stage => Build(stage, explored)), new ExplorationOptions { Iterations = 1, Workers = 1 }).Run();

        Assert.Empty(result.Findings);
        Assert.Equal(explored, underCoyote);
        Assert.True(explored.Count > 60);
    }

    private static void Build(Stage stage, List<ulong> seen)
    {
        Block words = stage.Machine.Memory.Allocate("words", "w", "x");
        var spin = new SpinLock(stage.Machine, MmuLock);
        var semaphore = new RwSemaphore(stage.Machine, MmapLock);
        var srcu = new Srcu(stage.Machine);
        seen.Clear();
        stage.Add(new ScriptActor("a"), new ScriptActor.Does(async cpu =>
        {
            Word w = words[0];
            void See(ulong value) => seen.AddRange([value, w.Peek, spin.State.Peek, semaphore.State.Peek]);

            See(await cpu.WriteOnce(w, 5));
            See(await cpu.ReadOnce(w));
            See(await cpu.HardwareRead(w));
            See(await cpu.LoadAcquire(w));
            See(await cpu.StoreRelease(w, 6));
            See(await cpu.Xchg(w, 7));
            See(await cpu.CmpXchg(w, 1, 2));
            See(await cpu.CmpXchg(w, 7, 8));
            See(await cpu.AddReturn(w, 3));
            See(await cpu.AddReturn(w, -1));
            See(await cpu.FetchOr(w, 0x30));
            See(await cpu.FetchAndNot(w, 0x12));
            See(await cpu.AtomicAdd(w, 2));
            See(await cpu.AtomicOr(w, 0x100));
            See(await cpu.Rmb());
            See(await cpu.Wmb());
            See(await cpu.Mb());
            See(await cpu.WaitUntilEqual(w, w.Peek));
            See(await cpu.WaitUntilNotEqual(w, 1));
            See(await cpu.Down(w));
            See(await cpu.Lock(spin));
            See(await cpu.Unlock(spin));
            See(await cpu.ReadLock(semaphore));
            See(await cpu.ReadUnlock(semaphore));
            await semaphore.DownWrite(cpu);
            See(await cpu.Unlock(semaphore));
            ulong index = await cpu.SrcuReadLock(srcu);
            See(index);
            See(srcu.Counter(cpu, index).Peek);
            See(await cpu.SrcuReadUnlock(srcu, index));
            See(srcu.Counter(cpu, index).Peek);
            await cpu.SynchronizeSrcu(srcu);
            See(srcu.Index.Peek);
            cpu.Write(w, 9);
            See(cpu.Read(w));
            cpu.Fill(words, 11);
            See(words[1].Peek);
        }));
    }
}
