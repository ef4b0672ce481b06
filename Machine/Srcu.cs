namespace MmuStress.Machine;

/// <summary>An SRCU domain: <see cref="Synchronize"/> returns when every reader that entered before it has left.</summary>
/// <remarks>
/// Mirrors: Tree SRCU's two counters and one index (kernel/rcu/srcutree.c, v6.8): readers count under the current index; a grace period
/// waits for the idle index, flips, and waits for the old one. Waiting for the idle one first is what catches a reader that read the
/// index before an earlier flip and counted after it.
/// Differs: read_lock is one step when explored.
/// </remarks>
public sealed class Srcu
{
    private static readonly LockClass GracePeriodClass = new("srcu_gp_mutex", maySleep: true);
    private static readonly string[] SingleShard = ["srcu_idx", "srcu_count[0]", "srcu_count[1]"];

    private readonly Block block;
    private readonly int shards;
    private readonly Mutex gracePeriod;

    /// <summary>A domain without readers.</summary>
    /// <param name="machine">The machine it is on.</param>
    public Srcu(Multiprocessor machine)
    {
        shards = machine.SrcuShards;
        block = shards == 1
            ? machine.Memory.Allocate("srcu", SingleShard)
            : machine.Memory.Allocate("srcu", 8 + (shards * 8), BlockKind.Static);
        gracePeriod = new Mutex(machine, GracePeriodClass);
    }

    /// <summary>The index under which readers count now, 0 or 1.</summary>
    public Word Index => block[0];

    /// <summary>The number of readers of <paramref name="cpu"/>'s shard that counted under <paramref name="index"/>.</summary>
    /// <param name="cpu">The reader.</param>
    /// <param name="index">0 or 1.</param>
    /// <returns>The counter.</returns>
    public Word Counter(Cpu cpu, ulong index) => Counter(shards == 1 ? 0 : cpu.Id % shards, index);

    internal async Coroutine Synchronize(Cpu cpu)
    {
        await cpu.Lock(gracePeriod);
        ulong index = await cpu.ReadOnce(Index);
        await WaitForReaders(cpu, index ^ 1);
        await cpu.Xchg(Index, index ^ 1);
        await WaitForReaders(cpu, index);
        await cpu.Unlock(gracePeriod);
        await cpu.Mb(); // "later code is ordered after the SRCU grace period", __synchronize_srcu()
    }

    private async Coroutine WaitForReaders(Cpu cpu, ulong index)
    {
        await cpu.Mb(); // A of srcu_readers_active_idx_check(): pairs with the one in srcu_read_lock()
        for (int shard = 0; shard < shards; shard++)
        {
            await cpu.WaitUntilEqual(Counter(shard, index), 0);
        }
    }

    // Native shards are a cache line apart.
    private Word Counter(int shard, ulong index) => shards == 1 ? block[1 + (int)index] : block[8 + (shard * 8) + (int)index];
}
