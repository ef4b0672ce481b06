using System.Numerics;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Which CPUs are in the same position: interchangeable, and all they have done, read and had done to what is theirs is the same.</summary>
/// <remarks>
/// Where two of them are, the executions in which the one goes first are those in which the other does, with their names exchanged; the
/// search takes the one with the lower number. What is a CPU's own is told by who allocated it (<see cref="PhysicalMemory.Allocator"/>);
/// anything else is the same location for everybody.
/// </remarks>
internal sealed class Symmetry
{
    private const int OwnerShift = 20;

    private readonly ulong[] histories = new ulong[ExploredMachine.MaxCpus];
    private readonly int[] classes = new int[ExploredMachine.MaxCpus];

    /// <summary>Forgets a run.</summary>
    public void Begin()
    {
        Array.Clear(histories);
        Array.Fill(classes, -1);
    }

    /// <summary>Says that CPUs of the same class are interchangeable.</summary>
    public void Declare(int cpu, int @class) => classes[cpu] = @class;

    /// <summary>Takes down what a CPU does to a location.</summary>
    public void Note(int cpu, Block? block, int index, int kind, ulong a, ulong b = 0, ulong result = 0)
    {
        int owner = block is null ? 0 : block.Id >> OwnerShift;
        bool isOwn = owner == cpu + 1;
        ulong place = block is null ? 0 : ((ulong)(uint)(isOwn ? block.Id & ((1 << OwnerShift) - 1) : block.Id) << 16) ^ (ulong)(uint)index ^ (isOwn ? 1UL << 63 : 0);
        ulong what = Mix(Mix(Mix(Mix(place, (ulong)kind), a), b), result);
        histories[cpu] = Mix(histories[cpu], what);
        if (owner > 0 && !isOwn)
        {
            ulong there = ((ulong)(uint)(block!.Id & ((1 << OwnerShift) - 1)) << 16) ^ (ulong)(uint)index;
            histories[owner - 1] = Mix(histories[owner - 1], Mix(Mix(Mix(there, (ulong)kind), a), b) ^ (ulong)cpu);
        }
    }

    /// <summary>The CPU with the lowest number that is in the same position as <paramref name="cpu"/>; itself where there is no other.</summary>
    public int Representative(int cpu)
    {
        for (int lower = 0; lower < cpu && classes[cpu] >= 0; lower++)
        {
            if (classes[lower] == classes[cpu] && histories[lower] == histories[cpu])
            {
                return lower;
            }
        }

        return cpu;
    }

    private static ulong Mix(ulong hash, ulong value) => (BitOperations.RotateLeft(hash, 23) ^ value) * 0x9E3779B97F4A7C15;
}
