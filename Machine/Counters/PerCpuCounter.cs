using System.Threading;

namespace MmuStress.Machine;

/// <summary>A number for each CPU, which only that CPU changes and reads: what it has counted of what it is at.</summary>
/// <remarks>Like <see cref="CounterBlock"/> no simulated memory. CPUs need not be known in advance.</remarks>
public sealed class PerCpuCounter
{
    private const int CacheLine = 8; // in words: neighbours do not share one
    private const int CpusPerChunk = 64;
    private const int Chunks = 1024;

    private readonly ulong[]?[] chunks = new ulong[]?[Chunks];

    /// <summary>Adds 1 to the number of <paramref name="cpu"/>, the caller.</summary>
    /// <param name="cpu">The caller.</param>
    public void Increment(Cpu cpu) => At(cpu)++;

    /// <summary>Reads the number of <paramref name="cpu"/>, the caller, and sets it to 0.</summary>
    /// <param name="cpu">The caller.</param>
    /// <returns>The number.</returns>
    public ulong Take(Cpu cpu)
    {
        if (Volatile.Read(ref chunks[ChunkOf(cpu)]) is null)
        {
            return 0;
        }

        ref ulong word = ref At(cpu);
        ulong taken = word;
        if (taken != 0)
        {
            word = 0;
        }

        return taken;
    }

    private static int ChunkOf(Cpu cpu) => cpu.Id / CpusPerChunk % Chunks;

    private ref ulong At(Cpu cpu)
    {
        ref ulong[]? chunk = ref chunks[ChunkOf(cpu)];
        ulong[] words = Volatile.Read(ref chunk) ?? Create(ref chunk);
        return ref words[cpu.Id % CpusPerChunk * CacheLine];
    }

    private static ulong[] Create(ref ulong[]? chunk)
    {
        ulong[] created = new ulong[CpusPerChunk * CacheLine];
        return Interlocked.CompareExchange(ref chunk, created, null) ?? created;
    }
}
