namespace MmuStress.Litmus.Tests;

/// <summary>Where the tests' files are.</summary>
internal static class Folder
{
    public static string Of(string name)
    {
        string? folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder!, "Stress.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder!, "tests", "Litmus.Tests", name);
    }
}
