using Spectre.Console;
using Spectre.Console.Rendering;

namespace MmuStress.Cli;

/// <summary>Tables as plain text, the same on a terminal and in a file.</summary>
internal static class TableText
{
    private const int Width = 240;

    /// <summary>Renders a table.</summary>
    /// <param name="table">The table.</param>
    /// <returns>Lines without spaces at their ends, each ended by a line feed.</returns>
    public static string Of(IRenderable table)
    {
        using var writer = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = Width;
        console.Write(table);
        IEnumerable<string> lines = writer.ToString().ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd());
        return string.Join('\n', lines).Trim('\n') + "\n";
    }
}
