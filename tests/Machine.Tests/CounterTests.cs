namespace MmuStress.Machine.Tests;

public sealed class CounterTests
{
    private const int Times = 20_000;

    [Fact]
    public void Block_CountedByManyThreads_LosesNothing()
    {
        var counters = new CounterBlock(3);
        Parallel.For(0, Times, i =>
        {
            counters.Increment(0);
            counters.Add(1, i % 2 == 0 ? 3 : -1);
            counters.Raise(2, (ulong)(i * 7 % Times));
        });
        Assert.Equal((ulong)Times, counters.Read(0));
        Assert.Equal((ulong)Times, counters.Read(1)); // 3 and -1 in turns
        Assert.Equal((ulong)Enumerable.Range(0, Times).Max(i => i * 7 % Times), counters.Read(2));
    }

    [Fact]
    public void Block_Raise_NeverLowers()
    {
        var counters = new CounterBlock(1);
        counters.Raise(0, 5);
        counters.Raise(0, 3);
        Assert.Equal(5UL, counters.Read(0));
        counters.AddAlone(0, 2);
        Assert.Equal(7UL, counters.Read(0));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void Block_IndexOutside_IsRefused(int index) => Assert.Throws<ArgumentOutOfRangeException>(() => new CounterBlock(2).Increment(index));

    [Fact]
    public void PerCpu_TakesWhatThisCpuCounted()
    {
        var machine = new NativeMachine();
        NativeCpu[] cpus = Enumerable.Range(0, 130).Select(i => machine.AddCpu($"cpu{i}")).ToArray();
        var counter = new PerCpuCounter();
        Assert.Equal(0UL, counter.Take(cpus[0]));
        counter.Increment(machine.SetupCpu);
        foreach (NativeCpu cpu in cpus)
        {
            for (int i = 0; i <= cpu.Id; i++)
            {
                counter.Increment(cpu);
            }
        }

        Assert.All(cpus, cpu => Assert.Equal((ulong)cpu.Id + 1, counter.Take(cpu)));
        Assert.All(cpus, cpu => Assert.Equal(0UL, counter.Take(cpu)));
        Assert.Equal(1UL, counter.Take(machine.SetupCpu));
    }
}
