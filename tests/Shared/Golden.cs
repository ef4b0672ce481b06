namespace MmuStress.Tests;

/// <summary>Text that people read, compared byte for byte with a file of the test project; MMU_STRESS_ACCEPT=1 writes it anew.</summary>
internal static class Golden
{
    private const string AcceptVariable = "MMU_STRESS_ACCEPT";

    public static void Matches(string name, string actual)
    {
        string file = Folder.Of(Path.Combine("Golden", name));
        if (string.Equals(Environment.GetEnvironmentVariable(AcceptVariable), "1", StringComparison.Ordinal))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"{file} is missing; write it with {AcceptVariable}=1");
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
