namespace MmuStress.Cli.Tests;

public sealed class ProgramTests
{
    [Fact]
    public void Main_WithoutArguments_ReturnsZero() => Assert.Equal(0, Program.Main([]));
}
