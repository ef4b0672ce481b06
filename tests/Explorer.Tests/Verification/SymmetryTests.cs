using System.Globalization;
using MmuStress.Machine;
using Xunit;

namespace MmuStress.Explorer.Tests;

public sealed class SymmetryTests
{
    private const int Words = 3;

    [Fact]
    public void Verify_InterchangeableCpus_SeesTheSameOutcomesButForTheirNames()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            int cpus = 2 + (seed % 2);
            SortedSet<string> all = OutcomesOf(seed, cpus, usesSymmetry: false, out long plain);
            SortedSet<string> reduced = OutcomesOf(seed, cpus, usesSymmetry: true, out long fewer);
            Assert.True(all.SetEquals(reduced), $"seed {seed}: {string.Join(" | ", all.Except(reduced))} is missing, {string.Join(" | ", reduced.Except(all))} is new");
            Assert.True(fewer <= plain, $"seed {seed}: {fewer} executions instead of {plain}");
        }
    }

    [Fact]
    public void Verify_TwoInterchangeableCriticalSections_CountsOne()
    {
        IProgram Program() => new Twins(2, static (cpu, words, spin) => Section(cpu, words, spin), null);
        Assert.Equal(2, new Verification(Program, new VerificationOptions()).Run().Executions);
        Assert.Equal(1, new Verification(Program, new VerificationOptions { UsesSymmetry = true }).Run().Executions);
    }

    private static async Coroutine Section(Cpu cpu, Block words, SpinLock spin)
    {
        await cpu.Lock(spin);
        await cpu.Unlock(spin);
    }

    private static SortedSet<string> OutcomesOf(int seed, int cpus, bool usesSymmetry, out long executions)
    {
        var outcomes = new SortedSet<string>(StringComparer.Ordinal);
        var result = new Verification(
            () => new Twins(cpus, (cpu, words, spin) => RandomBody(cpu, words, spin, new Random(seed)), outcomes) { Other = (cpu, words, spin) => RandomBody(cpu, words, spin, new Random(-1 - seed)) },
            new VerificationOptions { UsesSymmetry = usesSymmetry }).Run();
        Assert.True(result.IsComplete);
        executions = result.Executions;
        return outcomes;
    }

    private static async Coroutine RandomBody(Cpu cpu, Block words, SpinLock spin, Random random)
    {
        ulong seen = 0;
        int steps = 2 + random.Next(3);
        bool isLocked = false;
        for (int i = 0; i < steps; i++)
        {
            Word word = words[random.Next(Words)];
            ulong value = (ulong)random.Next(1, 3);
            switch (random.Next(6))
            {
                case 0:
                    seen = (seen * 10) + await cpu.ReadOnce(word);
                    break;
                case 1:
                    await cpu.WriteOnce(word, value + seen % 2);
                    break;
                case 2:
                    seen = (seen * 10) + await cpu.Xchg(word, value);
                    break;
                case 3:
                    await cpu.AtomicAdd(word, 1);
                    break;
                case 4:
                    seen = (seen * 10) + await cpu.AddReturn(word, (long)value);
                    break;
                default:
                    isLocked = !isLocked;
                    await (isLocked ? cpu.Lock(spin) : cpu.Unlock(spin));
                    break;
            }
        }

        if (isLocked)
        {
            await cpu.Unlock(spin);
        }

        await cpu.WriteOnce(words[Words + cpu.Id], seen);
    }

    // Some CPUs that run the same body, and perhaps another one. An outcome is what each has seen, in any order, and what memory holds.
    private sealed class Twins(int cpus, Func<Cpu, Block, SpinLock, Coroutine> body, SortedSet<string>? outcomes) : IProgram
    {
        private static readonly LockClass Class = new("lock", maySleep: false);

        public Func<Cpu, Block, SpinLock, Coroutine>? Other { get; init; }

        public void Start(ExploredMachine machine)
        {
            Block words = machine.Memory.Allocate("words", Words + cpus + 1, BlockKind.Static);
            var spin = new SpinLock(machine, Class);
            for (int i = 0; i < cpus; i++)
            {
                machine.Spawn(string.Create(CultureInfo.InvariantCulture, $"twin{i}"), cpu => body(cpu, words, spin));
                machine.DeclareInterchangeable(i, 0);
            }

            if (Other is not null)
            {
                machine.Spawn("other", cpu => Other(cpu, words, spin));
            }

            if (outcomes is not null)
            {
                machine.AtEnd(() =>
                {
                    IEnumerable<ulong> memory = Enumerable.Range(0, Words).Select(i => words[i].Peek);
                    IEnumerable<ulong> seen = Enumerable.Range(Words, cpus).Select(i => words[i].Peek).Order();
                    outcomes.Add(string.Join(' ', [.. memory, .. seen, words[Words + cpus].Peek]));
                });
            }
        }
    }
}
