using System.Globalization;
using System.Threading;
using MmuStress.Explorer;

namespace MmuStress.Litmus.Tests;

/// <summary>Tests that are too large for all their states to be listed.</summary>
public sealed class SearchTests
{
    /// <summary>Twenty processes in a ring: each reads its left neighbour's variable and then writes its own.</summary>
    /// <remarks>2 to the 20 states, less the one that is asked about where it is forbidden.</remarks>
    [Theory]
    [InlineData("rcu_read_lock(); {0} {1} rcu_read_unlock();", "{0} synchronize_rcu(); {1}", 10, "Never")]
    [InlineData("rcu_read_lock(); {0} {1} rcu_read_unlock();", "{0} synchronize_rcu(); {1}", 9, "Sometimes")]
    [InlineData("{0} smp_mb(); {1}", "{0} smp_mb(); {1}", 10, "Never")]
    [InlineData("{0} {1}", "{0} smp_mb(); {1}", 19, "Sometimes")]
    public void Ring_OfTwentyProcesses_IsDecided(string one, string other, int others, string verdict)
    {
        string text = "C Ring\n{}\n";
        for (int p = 0; p < 20; p++)
        {
            string read = $"int r0 = READ_ONCE(*x{p});", write = $"WRITE_ONCE(*x{(p + 1) % 20}, 1);";
            text += $"P{p}(int *x{p}, int *x{(p + 1) % 20})\n{{\n{string.Format(CultureInfo.InvariantCulture, p < others ? other : one, read, write)}\n}}\n";
        }

        text += $"exists ({string.Join(" /\\ ", Enumerable.Range(0, 20).Select(p => $"{p}:r0=1"))})\n";
        LitmusResult result = new LitmusChecker(new Lkmm()).Check(LitmusTest.Parse(text));
        Assert.Equal(verdict, result.Summary);
        Assert.False(result.AreAllStates);
        Assert.InRange(result.Checks, 1, 1000);
    }

    /// <summary>Eight increments: each gets another value, so there are 8! states.</summary>
    [Fact]
    public void Increments_OfEightProcesses_AreDecided()
    {
        string text = "C Inc\n{}\n" + string.Concat(Enumerable.Range(0, 8).Select(p => $"P{p}(atomic_t *x)\n{{\n\tint r0 = atomic_inc_return(x);\n}}\n"));
        Assert.Equal("Sometimes", Check(text + "exists (0:r0=8 /\\ 1:r0=1)\n").Summary);
        Assert.Equal("Never", Check(text + "exists (0:r0=3 /\\ 1:r0=3)\n").Summary);
        Assert.Equal("Always", Check(text + "forall (x=8)\n").Summary);
    }

    [Fact]
    public void TooLittleWork_IsUndecided_NotAGuess()
    {
        string text = "C Locks\n{}\n" + string.Concat(Enumerable.Range(0, 5).Select(p =>
            $"P{p}(int *x, spinlock_t *l)\n{{\n\tspin_lock(l);\n\tint r0 = READ_ONCE(*x);\n\tWRITE_ONCE(*x, r0 + 1);\n\tspin_unlock(l);\n}}\n"));
        LitmusResult result = new LitmusChecker(new Lkmm(), new LitmusLimits { StateChecks = 10, VerdictChecks = 10 })
            .Check(LitmusTest.Parse(text + "exists (x=4)\n"));
        Assert.Null(result.Verdict);
        Assert.Equal("undecided", result.Summary);
        Assert.StartsWith("the verdict is not decided after", result.Undecided, StringComparison.Ordinal);
        Assert.False(result.Agrees(new ExpectedResult(Verdict.Never, HasDataRace: false)));
    }

    [Fact]
    public void Cancelled_IsUndecided()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        LitmusTest test = LitmusTest.Parse("C T\n{}\nP0(int *x)\n{\n\tint r0 = READ_ONCE(*x);\n}\nexists (0:r0=1)\n");
        Assert.True(Assert.Throws<LitmusException>(() => new LitmusChecker(new Lkmm()).Check(test, cancelled.Token)).IsUnsupported);
    }

    [Fact]
    public void CopyInACircle_IsAValueOfItsOwn_WherePlainAccessesAllowIt()
    {
        const string Circle = "C Air\n{}\nP0(int *x, int *y)\n{\n\tint r0 = *x;\n\t*y = r0;\n}\nP1(int *x, int *y)\n{\n\tint r0 = *y;\n\t*x = r0;\n}\nexists (0:r0=0)\n";
        Assert.Equal(["0:r0=0;", "0:r0=S;"], Check(Circle).States.Select(s => s.Text));

        // Marked, it is forbidden; calculated with, it has no solution.
        Assert.Equal(["0:r0=0;"], Check(Circle.Replace("= *x", "= READ_ONCE(*x)", StringComparison.Ordinal)
            .Replace("= *y", "= READ_ONCE(*y)", StringComparison.Ordinal)
            .Replace("*x = r0", "WRITE_ONCE(*x, r0)", StringComparison.Ordinal)
            .Replace("*y = r0", "WRITE_ONCE(*y, r0)", StringComparison.Ordinal)).States.Select(s => s.Text));
        Assert.Equal(["0:r0=0;"], Check(Circle.Replace("*x = r0", "*x = r0 + 0", StringComparison.Ordinal)).States.Select(s => s.Text));
    }

    [Fact]
    public void Race_ForgivesTheVerdict_ButNotThatThereIsOne()
    {
        LitmusResult race = Check("C T\n{}\nP0(int *x)\n{\n\t*x = 1;\n}\nP1(int *x)\n{\n\tint r0 = *x;\n}\nexists (1:r0=1)\n");
        var never = new ExpectedResult(Verdict.Never, HasDataRace: true);
        Assert.Equal("Sometimes DATARACE", race.Summary);
        Assert.True(race.Agrees(never) && race.IsForgiven(never));
        Assert.False(race.Agrees(new ExpectedResult(Verdict.Sometimes, HasDataRace: false)));
        Assert.False(race.IsForgiven(new ExpectedResult(Verdict.Sometimes, HasDataRace: true)));
    }

    private static LitmusResult Check(string text) => new LitmusChecker(new Lkmm()).Check(LitmusTest.Parse(text));
}
