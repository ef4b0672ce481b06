namespace MmuStress.Tests;

/// <summary>Where the files of this test project are, in the checkout.</summary>
internal static class Folder
{
    private const string NamePrefix = "MmuStress.";

    public static string Of(string name) => Path.Combine(Root(), "tests", Project(), name);

    private static string Project() => typeof(Folder).Assembly.GetName().Name![NamePrefix.Length..];

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
