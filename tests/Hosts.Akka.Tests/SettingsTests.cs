using Akka.Configuration;

namespace MmuStress.Hosts.Akka.Tests;

public sealed class SettingsTests
{
    [Fact]
    public void File_OverridesTheHostsDefaults()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("my.conf", "mmu-stress.behaviours.throughput = 3\nakka.loglevel = DEBUG");
        Config config = AkkaSettings.Read(file);

        Assert.Equal(3, config.GetInt("mmu-stress.behaviours.throughput"));
        Assert.Equal("DEBUG", config.GetString("akka.loglevel"));
        Assert.Equal("Dispatcher", config.GetString("mmu-stress.behaviours.type")); // what it does not name stays
        Assert.Equal(20, AkkaSettings.Read(null).GetInt("mmu-stress.behaviours.throughput"));
    }

    [Theory]
    [InlineData("akka {\n  loglevel = INFO\n", "line 1: '{' is not closed")]
    [InlineData("akka {\n}\n}", "line 3: '}' without '{'")]
    [InlineData("akka = [1, 2}", "line 1: '}' without '{'")]
    [InlineData("akka.loglevel = \"INFO\nakka.stdout = OFF", "line 1: a string does not end")]
    public void File_ThatIsNoHocon_IsRefused(string text, string problem)
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("my.conf", text);

        Assert.Equal($"{file}: it is no HOCON: {problem}", Assert.Throws<ArgumentException>(() => AkkaSettings.Read(file)).Message);
    }

    [Fact]
    public void File_WithBracketsInStringsAndComments_IsTaken()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("my.conf", "# }\n// ]\na = \"}{\\\"]\"\nb = \"\"\"}\n]\"\"\"\nc { d = 4 }");

        Assert.Equal(4, AkkaSettings.Read(file).GetInt("c.d"));
    }

    [Fact]
    public void File_ThatIsNotThere_IsRefused() =>
        Assert.StartsWith("/no/such.conf: it cannot be read: ", Assert.Throws<ArgumentException>(() => AkkaSettings.Read("/no/such.conf")).Message, StringComparison.Ordinal);
}
