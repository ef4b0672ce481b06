namespace MmuStress.Explorer.Tests;

/// <summary>The search against the axioms: every execution graph, once, on random small programs.</summary>
public sealed class GraphSearchTests
{
    /// <summary>What is searched where checkers look at memory: interleavings up to equivalence, with every choice. Each graph, perhaps several times.</summary>
    [Theory]
    [InlineData(MemoryModel.Tso)]
    [InlineData(MemoryModel.Lkmm)]
    public void Verification_ReachesEachAllowedGraph(MemoryModel memory)
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var program = new LitmusProgram(seed, AxiomTests.MixOf(seed));
            SortedSet<string> allowed = program.Allowed(AxiomTests.AxiomsOf(memory), memory == MemoryModel.Lkmm);
            var reached = new SortedSet<string>(StringComparer.Ordinal);
            program.OnEnd = g => reached.Add(g);
            VerificationResult result = new Verification(() => program, new VerificationOptions { Memory = memory }).Run();
            Assert.True(result.IsComplete);
            string? wrong = reached.FirstOrDefault(g => !allowed.Contains(g));
            Assert.True(wrong is null, $"{seed}: {program}\nnot allowed:\n{wrong}");
            string? missing = allowed.FirstOrDefault(g => !reached.Contains(g));
            Assert.True(missing is null, $"{seed}: {program}\nnot reached, {reached.Count} of {allowed.Count}:\n{missing}");
        }
    }

    [Theory]
    [InlineData(MemoryModel.Sc)]
    [InlineData(MemoryModel.Tso)]
    [InlineData(MemoryModel.Lkmm)]
    public void Search_VisitsEachAllowedGraphOnce(MemoryModel memory)
    {
        int first = 0;
        int count = int.TryParse(Environment.GetEnvironmentVariable("MMU_STRESS_PROGRAMS"), out int given) ? given : 400;
        for (int seed = first; seed < first + count; seed++)
        {
            var program = new LitmusProgram(seed, AxiomTests.MixOf(seed));
            SortedSet<string> allowed = program.Allowed(AxiomTests.AxiomsOf(memory), memory == MemoryModel.Lkmm);
            var visited = new List<string>();
            var search = new GraphVerification(() => program, new VerificationOptions { Memory = memory }) { OnExecution = visited.Add };
            VerificationResult result = search.Run();
            string what = $"{seed}: {program}\n";
            Assert.True(result.Finding is null, what + result.Finding?.Violation);
            string? wrong = visited.Find(g => !allowed.Contains(g));
            Assert.True(wrong is null, $"{what}not allowed:\n{wrong}");
            string? missing = allowed.FirstOrDefault(g => !visited.Contains(g));
            Assert.True(missing is null, $"{what}not visited, {visited.Count} of {allowed.Count}:\n{missing}");
            string? twice = visited.GroupBy(g => g).FirstOrDefault(g => g.Count() > 1)?.Key;
            Assert.True(twice is null, $"{what}visited twice:\n{twice}");
            Assert.True(result.IsComplete, what);
        }
    }
}
