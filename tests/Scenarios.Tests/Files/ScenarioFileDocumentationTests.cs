using System.Text.RegularExpressions;

namespace MmuStress.Scenarios.Tests;

/// <summary>docs/scenario-files.md says what there is.</summary>
public sealed partial class ScenarioFileDocumentationTests
{
    private readonly string text = File.ReadAllText(Path.Combine(Folder.Of(""), "..", "..", "docs", "scenario-files.md"));

    [Fact]
    public void Example_IsAScenarioFile()
    {
        string example = JsonBlock().Match(text).Groups[1].Value;
        ScenarioFile file = ScenarioFileReader.Parse(example, "docs/scenario-files.md");
        Assert.Equal("write-vs-fork", file.Name);
        Assert.Empty(FileFragments.On(file, "loongarch-mended").Explore(new() { Iterations = 500 }).Findings);
    }

    [Fact]
    public void Operations_AreAllThere()
    {
        foreach (ScenarioFileForm form in ScenarioFileOperations.All)
        {
            Assert.Matches($"`{form.Name}[ `]", text);
        }
    }

    [Fact]
    public void Invariants_AreAllThere()
    {
        foreach (string name in ScenarioFileInvariants.All)
        {
            Assert.Contains(name, text, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex JsonBlock();
}
