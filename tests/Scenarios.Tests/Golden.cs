namespace MmuStress.Scenarios.Tests;

/// <summary>Text that people read, compared byte for byte; MMU_STRESS_ACCEPT=1 writes it anew.</summary>
internal static class Golden
{
    private const string AcceptVariable = "MMU_STRESS_ACCEPT";

    public static void Matches(string name, string actual)
    {
        string file = Path.Combine(Root(), "tests", "Scenarios.Tests", "Golden", name);
        if (string.Equals(Environment.GetEnvironmentVariable(AcceptVariable), "1", StringComparison.Ordinal))
        {
            File.WriteAllText(file, actual);
        }

        Assert.Equal(File.ReadAllText(file), actual);
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder!, "Stress.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder!;
    }
}
