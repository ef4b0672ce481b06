namespace MmuStress.Scenarios.Tests;

/// <summary>docs/history.md says what the reproductions do.</summary>
public sealed class HistoryTableTests
{
    private const string AcceptVariable = "MMU_STRESS_ACCEPT";
    private const string Begin = "<!-- table -->\n";
    private const string End = "<!-- end of table -->\n";

    [Fact]
    public void Documentation_HasTheTableAsItIsNow()
    {
        string file = Path.Combine(Folder.Of(""), "..", "..", "docs", "history.md");
        string text = File.ReadAllText(file);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = text.IndexOf(End, StringComparison.Ordinal);
        string table = HistoryTable.Make();
        if (string.Equals(Environment.GetEnvironmentVariable(AcceptVariable), "1", StringComparison.Ordinal))
        {
            File.WriteAllText(file, text[..begin] + table + text[end..]);
            return;
        }

        Assert.Equal(table, text[begin..end]);
    }
}
