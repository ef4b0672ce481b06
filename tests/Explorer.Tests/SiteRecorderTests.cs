using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>What counts as a synchronising operation, and under which name.</summary>
public sealed class SiteRecorderTests
{
    private const string ThisFile = "tests/Explorer.Tests/SiteRecorderTests.cs";
    private static readonly BlockKind Data = new("table", "NoUseOfFreed");

    // A lock that is given back counts as a pair with the next only where it is always taken again.
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Relock_NotAlwaysTakenAgain_IsNoPair(bool always, int pairs)
    {
        IReadOnlyList<Mutation> sites = SitesOf(machine =>
        {
            var outer = new Mutex(machine, LockClasses.SlotsLock);
            var inner = new SpinLock(machine, LockClasses.MmuLock);
            machine.Spawn("vcpu0", cpu => Take(cpu, true));
            machine.Spawn("vcpu1", cpu => Take(cpu, always));

            async Coroutine Take(Cpu cpu, bool again)
            {
                await cpu.Lock(outer);
                await cpu.Lock(inner);
                await cpu.Unlock(inner);
                if (again)
                {
                    await cpu.Lock(inner);
                    await cpu.Unlock(inner);
                }

                await cpu.Unlock(outer);
            }
        });
        Assert.Equal(pairs, sites.Count(s => s.Kind == MutationKind.Relock));
        Assert.Equal(3, sites.Count(s => s.Kind == MutationKind.Lock));
    }

    // Each of the three lacks one thing that makes a plain read a check: something that is held, a marked write, another writer.
    [Fact]
    public void PlainRead_ThatNobodyCanChange_IsNoCheck()
    {
        IReadOnlyList<Mutation> sites = SitesOf(machine =>
        {
            Block kvm = machine.Memory.Allocate("kvm", "free", "plain", "own", "checked");
            var spin = new SpinLock(machine, LockClasses.MmuLock);
            var srcu = new Srcu(machine);
            machine.Spawn("vcpu0", Go);

            async Coroutine Go(Cpu cpu)
            {
                await cpu.Lock(spin);
                await cpu.WriteOnce(kvm[0], 1);
                cpu.Write(kvm[1], 1);
                await cpu.WriteOnce(kvm[3], 1);
                await cpu.Unlock(spin);
                ulong index = await cpu.SrcuReadLock(srcu);
                await cpu.SrcuReadUnlock(srcu, index);
                cpu.Read(kvm[0]);
                await cpu.Lock(spin);
                cpu.Read(kvm[1]);
                cpu.Read(kvm[2]);
                cpu.Read(kvm[3]);
                await cpu.WriteOnce(kvm[2], 1);
                await cpu.Unlock(spin);
            }
        });
        Assert.Equal(["check(checked)"], sites.Where(s => s.Kind == MutationKind.Check).Select(s => s.Operation));
    }

    // Neither the number of the instance nor that of the word; what is in tables and pages is data.
    [Fact]
    public void Write_OfData_IsNoSite()
    {
        IReadOnlyList<Mutation> sites = SitesOf(machine =>
        {
            Block slot = machine.Memory.Allocate("slot7", 3, BlockKind.Static);
            Block table = machine.Memory.Allocate("table", 1, Data);
            machine.Spawn("vcpu0", Go);

            async Coroutine Go(Cpu cpu)
            {
                await cpu.WriteOnce(slot[2], 1);
                await cpu.WriteOnce(table[0], 1);
                await cpu.ReadOnce(table[0]);
                await cpu.WriteOnce(slot[1], 1, "elsewhere.cs", 1);
            }
        });
        Assert.Equal(["WRITE_ONCE(slot)"], sites.Select(s => s.Operation));
    }

    // What a scenario ignores is ignored whatever is left out.
    [Fact]
    public void Ignored_ByTheProgram_StaysIgnored()
    {
        var program = new TestProgram(machine =>
        {
            machine.Ignored = [MachineInvariants.NoDataRace];
            Word word = machine.Memory.Allocate("kvm", "word")[0];
            machine.Spawn("vcpu0", cpu => Programs.Write(cpu, word, 1));
            machine.Spawn("vcpu1", Write);

            Coroutine Write(Cpu cpu)
            {
                cpu.Write(word, 2);
                return Coroutine.Completed;
            }
        });
        var mutation = new Mutation("nowhere", 1, MutationKind.Lock, "spin_lock()") { Ignored = [MachineInvariants.NoDeadlock] };
        var ignored = new IgnoredSet(mutation.Ignored);
        Assert.Null(Run.InTurn(new MutatedProgram(program, mutation, ignored)).Violation);
        Assert.False(ignored.WasViolated);
    }

    private static IReadOnlyList<Mutation> SitesOf(Action<ExploredMachine> setUp)
    {
        var sites = new SiteRecorder(file => file == ThisFile, kind => ReferenceEquals(kind, Data));
        Assert.Empty(Run.Explore(new SiteRecordingProgram(new TestProgram(setUp), sites), new ExplorationOptions { Iterations = 50 }).Findings);
        return sites.Sites;
    }
}
