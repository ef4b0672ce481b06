using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>Litmus tests as code on the seam: each CPU returns what it read, and a test asks which results are seen under which model.</summary>
internal static class Shapes
{
    /// <summary>Every combination of what the CPUs of a shape read that some schedule shows, and the final content of the words.</summary>
    public static SortedSet<string> Outcomes(Shape shape, MemoryModel memory, long schedules = 4_000)
    {
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        var machine = new ExploredMachine(memory: memory);
        var strategy = new RandomWalk(1);
        var program = new ShapeProgram(shape);
        for (long index = 0; index < schedules; index++)
        {
            strategy.Begin(index);
            machine.Run(program, strategy);
            Assert.Null(machine.Violation);
            seen.Add(program.Outcome);
        }

        return seen;
    }

    /// <summary>Asserts under which models an outcome is seen.</summary>
    public static void Shows(Shape shape, string outcome, params MemoryModel[] models)
    {
        foreach (MemoryModel memory in Enum.GetValues<MemoryModel>())
        {
            SortedSet<string> seen = Outcomes(shape, memory);
            Assert.True(models.Contains(memory) == seen.Contains(outcome), $"{memory}: {outcome} of {string.Join("  ", seen)}");
        }
    }

    private sealed class ShapeProgram(Shape shape) : IProgram
    {
        private readonly List<ulong>[] read = shape.Cpus.Select(_ => new List<ulong>()).ToArray();
        private ShapeState state = null!;

        public string Outcome => string.Join(' ', read.Select(r => string.Join(',', r)).Where(r => r.Length != 0)) + " | " + string.Join(',', shape.Shown.Select(i => state.Words[i].Peek));

        public void Start(ExploredMachine machine)
        {
            state = new ShapeState(machine);
            for (int i = 0; i < shape.Cpus.Length; i++)
            {
                List<ulong> mine = read[i];
                mine.Clear();
                Func<Cpu, ShapeState, List<ulong>, Coroutine> body = shape.Cpus[i];
                ShapeState s = state;
                machine.Spawn($"cpu{i}", cpu => body(cpu, s, mine));
            }
        }
    }
}

/// <summary>What the CPUs of a shape share.</summary>
internal sealed class ShapeState
{
    public ShapeState(Multiprocessor machine)
    {
        Words = machine.Memory.Allocate("words", 4, BlockKind.Static);
        Lock = new SpinLock(machine, LockClasses.MmuLock);
    }

    public Block Words { get; }

    public Word X => Words[0];

    public Word Y => Words[1];

    public Word Z => Words[2];

    public SpinLock Lock { get; }
}

/// <summary>A litmus test: what each CPU does, and which words' final content belongs to the outcome.</summary>
internal sealed record Shape(int[] Shown, params Func<Cpu, ShapeState, List<ulong>, Coroutine>[] Cpus);
