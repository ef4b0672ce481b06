using System.Globalization;
using MmuStress.Explorer;

namespace MmuStress.Litmus.Tests;

/// <summary>Random small tests, decided here and by generating every candidate. MMU_STRESS_LITMUS_RANDOM=N makes it N of them.</summary>
public sealed class DifferentialTests
{
    private const string CountVariable = "MMU_STRESS_LITMUS_RANDOM";
    private static readonly long[] EveryValue = [0, 1, 2, LocationTable.ThinAir];

    [Fact]
    public void RandomTests_HaveTheStatesOfANaiveEnumeration()
    {
        int count = Count(2500);
        int candidates = 0, states = 0, races = 0;
        for (int seed = 0; seed < count; seed++)
        {
            string text = new RandomTest(seed).Text();
            LitmusTest test = LitmusTest.Parse(text);
            IConsistencyModel model = (seed % 6) switch { 0 => new Sc(), 1 => new Tso(), _ => new Lkmm() };
            var naive = new NaiveEnumerator(test, EveryValue);
            naive.Run(graph =>
            {
                model.Load(graph);
                bool isConsistent = model.IsConsistent();
                return (isConsistent, isConsistent && model is Lkmm lkmm && lkmm.Flags().HasFlag(LkmmFlags.DataRace));
            });
            LitmusResult result = new LitmusChecker(model).Check(test);
            Assert.True(result.AreAllStates, text);
            Assert.True(naive.States.SetEquals(result.States.Select(s => s.Text)), $"seed {seed}, {model.Name}\n{text}\n{string.Join('\n', naive.States)}\n\n{string.Join('\n', result.States)}");
            Assert.True(naive.HasRace == result.HasDataRace, $"seed {seed}, {model.Name}\n{text}");

            bool some = result.States.Any(s => s.MeetsCondition), others = result.States.Any(s => !s.MeetsCondition);
            LitmusResult sought = new LitmusChecker(model, new LitmusLimits { StateChecks = 0 }).Check(test);
            Assert.True(sought.Verdict == (!some ? Verdict.Never : others ? Verdict.Sometimes : Verdict.Always), text);
            candidates += naive.Candidates;
            states += naive.States.Count;
            races += naive.HasRace ? 1 : 0;
        }

        // Otherwise the tests are not worth running.
        Assert.True(candidates > 20 * count, $"{candidates} candidates");
        Assert.True(states > 2 * count, $"{states} states");
        Assert.True(races > count / 50, $"{races} races");
    }

    [Fact]
    public void RandomExecutions_AreJudgedAsByTheFormulas()
    {
        int count = Count(2500) / 15;
        int allowed = 0, forbidden = 0, races = 0;
        for (int seed = 0; seed < count; seed++)
        {
            string text = new RandomTest(100_000 + seed).Text();
            var lkmm = new Lkmm();
            new NaiveEnumerator(LitmusTest.Parse(text), [0, 1]).Run(graph =>
            {
                (bool IsConsistent, bool HasRace) expected = NaiveLkmm.Judge(graph);
                lkmm.Load(graph);
                bool isConsistent = lkmm.IsConsistent();
                Assert.True(expected.IsConsistent == isConsistent, $"seed {seed}\n{text}");
                bool hasRace = isConsistent && lkmm.Flags().HasFlag(LkmmFlags.DataRace);
                Assert.True(expected.HasRace == hasRace, $"seed {seed}\n{text}");
                allowed += isConsistent ? 1 : 0;
                forbidden += isConsistent ? 0 : 1;
                races += hasRace ? 1 : 0;
                return expected;
            });
        }

        Assert.True(allowed > 2 * count && forbidden > 5 * count && races > 0, $"{allowed} allowed, {forbidden} forbidden, {races} races");
    }

    private static int Count(int otherwise) =>
        Environment.GetEnvironmentVariable(CountVariable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
